import System
import Arrays
import Imaging
import Testing

private func noise(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Image {
  var numbers = RandomNumbers(seed: seed)
  return Image(
    rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(numbers.normal()) })
}

@Test func percentilesInterpolateBetweenSortedValues() {
  var image = noise(37, 41)
  image.values[5] = .nan
  let sorted = image.values.filter { !$0.isNaN }.sorted()
  for percentage in [0, 0.1, 12.5, 50, 99.9, 100] {
    let rank = percentage / 100 * Double(sorted.count - 1)
    let low = Int(rank)
    let high = min(low + 1, sorted.count - 1)
    let expected = Double(sorted[low]) + (rank - Double(low)) * Double(sorted[high] - sorted[low])
    #expect(abs(Double(image.percentile(percentage)) - expected) < 1e-5)
  }
  #expect(image.percentiles([0, 100]) == [sorted[0], sorted[sorted.count - 1]])
  #expect(Image(rows: 1, columns: 2, values: [.nan, .nan]).median.isNaN)
}

@Test func extentLeavesOutWhatIsNotANumber() {
  var image = noise(3, 41)
  image.values[7] = .nan
  let sorted = image.values.filter { !$0.isNaN }.sorted()
  #expect(image.extent == (sorted[0], sorted[sorted.count - 1]))
}

@Test(arguments: [(1, 1), (3, 50), (40, 7), (17, 33)])
func gaussianKeepsConstantsAndIsSymmetricInItsDirections(rows: Int, columns: Int) {
  let flat = Image(rows: rows, columns: columns, repeating: 2.5)
  #expect(flat.gaussian(sigma: 4).values.allSatisfy { abs($0 - 2.5) < 1e-5 })
  let image = noise(rows, columns)
  let both = image.gaussian(sigma: 2.3)
  #expect(largestDifference(image.transposed().gaussian(sigma: 2.3).transposed(), both) < 1e-5)
}

@Test(arguments: [1, 2, 3, 7])
func maximumFilterIsTheMaximumOfEachWindow(radius: Int) {
  let image = noise(19, 45)
  let filtered = image.maximumFilter(radius: radius)
  for r in 0..<19 {
    for c in 0..<45 {
      var expected = -Float.infinity
      for y in max(r - radius, 0)...min(r + radius, 18) {
        for x in max(c - radius, 0)...min(c + radius, 44) { expected = max(expected, image[y, x]) }
      }
      #expect(filtered[r, c] == expected)
    }
  }
}

@Test(arguments: [0, 1, 2, 3, 5])
func erosionAndDilationFollowTheirDefinition(radius: Int) {
  let mask = noise(29, 50).brighter(than: -1.2)
  let eroded = mask.eroded(byDisc: radius)
  let complement = mask.mapValues { !$0 }
  let dilated = complement.dilated(byDisc: radius)
  for r in 0..<29 {
    for c in 0..<50 {
      var (all, any) = (true, false)
      for dy in -radius...radius {
        for dx in -radius...radius where dy * dy + dx * dx <= radius * radius {
          let (y, x) = (r + dy, c + dx)
          let inside = y >= 0 && x >= 0 && y < 29 && x < 50
          all = all && inside && mask[y, x]
          any = any || (inside && complement[y, x])
        }
      }
      #expect(eroded[r, c] == all)
      #expect(dilated[r, c] == any)
    }
  }
}

@Test func distanceTransformIsTheNearestOfAllBackgroundPixels() {
  for (seed, threshold) in [(1, Float(-2.2)), (2, -1.5), (3, 0)] as [(UInt64, Float)] {
    let mask = noise(23, 31, seed: seed).brighter(than: threshold)
    let distance = mask.distanceTransform()
    for r in 0..<23 {
      for c in 0..<31 {
        var nearest = Double.infinity
        for y in 0..<23 {
          for x in 0..<31 where !mask[y, x] {
            nearest = min(nearest, Double((y - r) * (y - r) + (x - c) * (x - c)).squareRoot())
          }
        }
        #expect(abs(Double(distance[r, c]) - nearest) < 1e-5)
      }
    }
  }
  let full = Mask(rows: 3, columns: 3, repeating: true)
  #expect(full.distanceTransform().values.allSatisfy { $0 == .infinity })
}

@Test(arguments: [Connectivity.four, .eight])
func regionsAreTheClassesOfTouchingPixels(connectivity: Connectivity) {
  let mask = noise(40, 37, seed: 6).brighter(than: 0.2)
  let regions = mask.labelledRegions(connectivity)
  // Flood fill in reading order numbers the regions the same way.
  var expected = Labels(rows: 40, columns: 37)
  var count: Int32 = 0
  for start in mask.values.indices where mask.values[start] && expected.values[start] == 0 {
    count += 1
    var stack = [start]
    expected.values[start] = count
    while let i = stack.popLast() {
      for dy in -1...1 {
        for dx in -1...1 where connectivity == .eight || abs(dy) + abs(dx) == 1 {
          let (y, x) = (i / 37 + dy, i % 37 + dx)
          guard y >= 0 && x >= 0 && y < 40 && x < 37 else { continue }
          let j = y * 37 + x
          if mask.values[j] && expected.values[j] == 0 {
            expected.values[j] = count
            stack.append(j)
          }
        }
      }
    }
  }
  #expect(regions.count == Int(count))
  #expect(regions.labels == expected)
  #expect(regions.sizes.reduce(0, +) == mask.values.count { $0 })
}

@Test func watershedPartsTwoBasinsAtTheRidge() {
  let image = Image(rows: 1, columns: 9, values: [0, 1, 2, 3, 4, 3, 2, 1, 0])
  var markers = Labels(rows: 1, columns: 9)
  markers[0, 0] = 1
  markers[0, 8] = 2
  let labels = image.watershed(markers: markers)
  #expect(Array(labels.values[0..<4]) == [1, 1, 1, 1])
  #expect(Array(labels.values[5...]) == [2, 2, 2, 2])
}

@Test func clustersDoNotDependOnHowFarApartThePointsSpread() {
  // One distant point makes the cells sparse; without it they are dense.
  var numbers = RandomNumbers(seed: 8)
  let points = (0..<300).map { i in
    Point(y: Double(i % 5) * 4 + 0.4 * numbers.normal(), x: Double(i % 3) * 5 + 0.4 * numbers.normal())
  }
  let near = dbscan(points, reach: 0.5, minimumSamples: 4)
  let far = dbscan(points + [Point(y: 1e6, x: -1e6)], reach: 0.5, minimumSamples: 4)
  #expect(near.count > 1)
  #expect(Array(far.cluster.dropLast()) == near.cluster)
  #expect(far.cluster.last == .some(nil))
  #expect(near.centroids(of: points).count == near.count)
}

@Test func factorisationConvergesFromRandomFactors() {
  var numbers = RandomNumbers(seed: 12)
  let w = Matrix(rows: 30, columns: 3, values: (0..<90).map { _ in Float(numbers.uniform()) })
  let h = Matrix(rows: 3, columns: 40, values: (0..<120).map { _ in Float(numbers.uniform()) })
  let v = w * h
  for solver in [NonNegativeFactors.Solver.coordinateDescent, .multiplicative(.kullbackLeibler)] {
    var factors = NonNegativeFactors(rank: 3, of: v, random: &numbers)
    let start = factors.objective(v, solver.loss)
    let rounds = factors.converge(v, solver: solver, tolerance: 1e-7, maximumIterations: 500)
    #expect(rounds > 10 && factors.objective(v, solver.loss) < 1e-2 * start)
  }
}

@Test func constantImagesCorrelateOnlyWithEachOther() {
  let flat = Image(rows: 4, columns: 5, repeating: 3)
  let varying = noise(4, 5)
  #expect(flat.correlation(with: flat) == 1)
  #expect(flat.correlation(with: varying) == 0)
  let matrix = correlationMatrix(
    Matrix(rows: 3, columns: 20, values: flat.values + varying.values + flat.values))
  #expect(matrix[0, 2] == 1 && matrix[0, 1] == 0 && matrix[1, 1] == 1)
}
