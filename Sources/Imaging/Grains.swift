import Arrays

/// Parts a bright-on-dark image into grains: threshold, distance transform, clustered maxima as markers,
/// watershed on the gradient (Bergh et al. 2020).
package struct GrainSegmentation: Sendable {
  /// Maxima of the distance transform chained closer than this share one marker.
  package var minimumDistance: Double
  /// Grains of fewer or more pixels are dropped.
  package var sizes: ClosedRange<Int>
  package var markerRadius: Int
  /// Maxima within this of the mask's edge are no markers.
  package var excludedBorder: Int
  /// nil takes Li's threshold.
  package var threshold: Float?

  package init(
    minimumDistance: Double, sizes: ClosedRange<Int>, markerRadius: Int, excludedBorder: Int,
    threshold: Float? = nil
  ) {
    self.minimumDistance = minimumDistance
    self.sizes = sizes
    self.markerRadius = markerRadius
    self.excludedBorder = excludedBorder
    self.threshold = threshold
  }

  /// The grains, largest first.
  package func grains(in image: Image) -> [Mask] {
    let mask = image.brighter(than: threshold ?? image.liThreshold())
    var distance = mask.distanceTransform()
    if excludedBorder > 0 {
      let inner = mask.eroded(byDisc: excludedBorder)
      for i in 0..<distance.count where !inner.values[i] { distance.values[i] = 0 }
    }
    let regions = mask.labelledRegions()
    let regionSizes = regions.sizes
    let maxima = distance.localMaxima().filter {
      let region = regions.labels[$0.y, $0.x]
      return region > 0 && regionSizes[Int(region) - 1] >= sizes.lowerBound
    }
    guard !maxima.isEmpty else { return [] }
    let labels = image.sobel().watershed(markers: markers(maxima, image), mask: mask)
    var counts: [Int32: Int] = [:]
    for label in labels.values where label > 0 { counts[label, default: 0] += 1 }
    let kept = counts.filter { sizes.contains($0.value) }
      .sorted { $0.value > $1.value || ($0.value == $1.value && $0.key < $1.key) }
    return kept.map { label in labels.mapValues { $0 == label.key } }
  }

  /// One disc per cluster of maxima, at the mean of the cluster.
  private func markers(_ maxima: [GridPoint], _ image: Image) -> Labels {
    let points = maxima.map(Point.init)
    let clusters = dbscan(points, reach: minimumDistance, minimumSamples: 1)
    var markers = Labels(rows: image.rows, columns: image.columns)
    for (index, centre) in clusters.centroids(of: points).enumerated() {
      let (cy, cx) = (Int(centre.y), Int(centre.x))
      for y in max(cy - markerRadius, 0)...min(cy + markerRadius, image.rows - 1) {
        for x in max(cx - markerRadius, 0)...min(cx + markerRadius, image.columns - 1)
        where (y - cy) * (y - cy) + (x - cx) * (x - cx) <= markerRadius * markerRadius {
          markers[y, x] = Int32(index + 1)
        }
      }
    }
    return markers
  }
}
