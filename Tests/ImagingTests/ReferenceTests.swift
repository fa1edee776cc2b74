import Arrays
import Foundation
import Imaging
import Testing

// Each test runs one operation over all of its computed references, to the tolerance stated with them.

@Test(arguments: Reference.cases("otsu"))
func otsuParsesTheHistogramAsTheReferenceDoes(test: Reference.Case) {
  let image = test.image("input")
  let (low, high) = image.extent
  #expect(abs(Double(image.otsuThreshold()) - test.number("value")) <= Double(high - low) / 512)
}

@Test(arguments: Reference.cases("li"))
func liThresholdReachesTheReferenceFixedPoint(test: Reference.Case) {
  let value = Double(test.image("input").liThreshold())
  #expect(abs(value - test.number("value")) <= 1e-3 * abs(test.number("value")))
}

@Test(arguments: Reference.cases("mask_gt_li"))
func liMaskIsTheReferenceMask(test: Reference.Case) {
  let image = test.image("input")
  #expect(image.brighter(than: image.liThreshold()) == test.mask("output"))
}

@Test(arguments: Reference.cases("sobel"))
func sobelMagnitudeAgrees(test: Reference.Case) {
  let expected = test.image("output")
  #expect(largestDifference(test.image("input").sobel(), expected) <= 1e-5 * expected.extent.largest)
}

@Test(arguments: Reference.cases("edt"))
func distancesAreExact(test: Reference.Case) {
  #expect(largestDifference(test.mask("input").distanceTransform(), test.image("output")) <= 1e-5)
}

@Test(arguments: Reference.cases("peak_local_max"))
func localMaximaAreTheReferenceSet(test: Reference.Case) {
  let border = (test.fields["exclude_border"] as! Int)
  let found = test.image("input").localMaxima(
    minimumDistance: Int(test.number("min_distance")), border: border)
  let expected = (test["yx"] as [[Int]]).map { GridPoint(y: $0[0], x: $0[1]) }
  #expect(Set(found) == Set(expected))
}

@Test(arguments: Reference.cases("watershed"))
func watershedAgreesOnTheMask(test: Reference.Case) {
  let input: String = test["input"]
  let negated = input.hasSuffix(" (negated)")
  var image = Reference.image(input.replacing(" (negated)", with: ""))[0]
  if negated { image = image.mapValues { -$0 } }
  let mask = test.mask("mask")
  let labels = image.watershed(markers: test.labels("markers"), mask: mask)
  let expected = test.labels("output")
  let inside = mask.values.indices.filter { mask.values[$0] }
  let equal = inside.count { labels.values[$0] == expected.values[$0] }
  #expect(Double(equal) >= (negated ? 0.98 : 0.99) * Double(inside.count))
  #expect(mask.values.indices.allSatisfy { mask.values[$0] || labels.values[$0] == 0 })
}

@Test(arguments: Reference.cases("label4"))
func regionsAreNumberedInReadingOrder(test: Reference.Case) {
  let regions = test.mask("input").labelledRegions()
  #expect(regions.count == Int(test.number("count")))
  #expect(regions.labels == test.labels("output"))
}

@Test(arguments: Reference.cases("erosion_disk2"))
func erosionByADiscAgrees(test: Reference.Case) {
  #expect(test.mask("input").eroded(byDisc: 2) == test.mask("output"))
}

@Test(arguments: Reference.cases("separate_watershed"))
func grainsAreTheReferenceSegments(test: Reference.Case) {
  let parameters = test["params"] as [String: Any]
  let image = test.image("input")
  let grains = GrainSegmentation(
    minimumDistance: parameters["min_distance"] as! Double,
    sizes: (parameters["min_size"] as! Int)...(parameters["max_size"] as! Int),
    markerRadius: parameters["marker_radius"] as! Int, excludedBorder: parameters["exclude_border"] as! Int
  ).grains(in: image)
  let expected = Reference.image(test["output"]).map { $0.brighter(than: 0) }
  #expect(grains.count == expected.count)
  // Ties in the flood may move single pixels between neighbours.
  for segment in expected {
    let best = grains.map { grain in
      let both = zip(grain.values, segment.values).count { $0 && $1 }
      let either = zip(grain.values, segment.values).count { $0 || $1 }
      return Double(both) / Double(either)
    }.max()
    #expect(best ?? 0 >= 0.97)
  }
}

@Test(arguments: Reference.cases("gaussian"))
func gaussianAgrees(test: Reference.Case) {
  let expected = test.image("output")
  let blurred = test.image("input").gaussian(sigma: test.number("sigma"))
  #expect(largestDifference(blurred, expected) <= 1e-4 * expected.extent.largest)
}

@Test(arguments: Reference.cases("dog_background"))
func backgroundSubtractionAgrees(test: Reference.Case) {
  let result = test.image("input").subtractingBackground(
    smallSigma: test.number("min_sigma"), largeSigma: test.number("max_sigma"))
  #expect(largestDifference(result, test.image("output")) <= 1e-3)
}

@Test(arguments: Reference.cases("gaussian_laplace"))
func laplacianOfGaussianAgrees(test: Reference.Case) {
  let expected = test.image("output")
  let result = test.image("input").gaussianLaplace(sigma: test.number("sigma"))
  let scale = max(expected.extent.largest, -expected.extent.smallest)
  #expect(largestDifference(result, expected) <= 1e-4 * scale)
}

@Test(arguments: Reference.cases("blob_log"))
func blobsAreTheReferenceSet(test: Reference.Case) {
  var image = test.image("input")
  let largest = image.extent.largest
  image = image.mapValues { $0 / largest }
  let (low, high, count) = (test.number("min_sigma"), test.number("max_sigma"), Int(test.number("num_sigma")))
  let blobs = image.blobs(
    BlobSearch(
      from: low, to: high, count: count, threshold: Float(test.number("threshold")),
      overlap: test.number("overlap")))
  let expected: [[Double]] = (test["yx_sigma"] as [[Any]]).map { $0.map { ($0 as! NSNumber).doubleValue } }
  #expect(blobs.count == expected.count)
  let step = (high - low) / Double(count - 1) + 1e-3
  for spot in expected {
    #expect(
      blobs.contains {
        abs(Double($0.y) - spot[0]) <= 1 && abs(Double($0.x) - spot[1]) <= 1
          && abs($0.sigma - spot[2]) <= step
      }, "\(spot)")
  }
}

@Test(arguments: Reference.cases("nmf"))
func factorisationFollowsTheReferenceTrace(test: Reference.Case) {
  let v = test.image("V")
  var factors = NonNegativeFactors(weights: test.image("W0"), components: test.image("H0"))
  let loss: NonNegativeFactors.Loss =
    (test["loss"] as String).hasPrefix("kullback") ? .kullbackLeibler : .frobenius
  let descent = test["solver"] as String == "cd"
  let trace = (test["objective_after_iterations"] as [String: NSNumber]).mapValues(\.doubleValue)
  var done = 0
  // The longest trace is the optimum; a thousand rounds come close enough to it.
  for iterations in [1, 2, 5, 10, 50, 200, 1000] {
    factors.iterate(
      v, solver: descent ? .coordinateDescent : .multiplicative(loss), iterations: iterations - done)
    done = iterations
    let expected = trace["\(iterations)"]!
    #expect(abs(factors.objective(v, loss) - expected) <= 1e-4 * expected, "after \(iterations)")
  }
  if descent { #expect(factors.objective(v, loss) <= 1.001 * trace["20000"]!) }
  #expect(factors.weights.values.allSatisfy { $0 >= 0 } && factors.components.values.allSatisfy { $0 >= 0 })
}

@Test(arguments: Reference.cases("svd_scree"))
func screeValuesAgree(test: Reference.Case) throws {
  let scree = try Scree(
    test.image("input"), scaling: test["scaling"] as String == "raw" ? .raw : .poisson,
    centring: test.fields["centre"] is String ? .meanRow : .none, count: 30)
  let values: [Double] = test["singular_values_first_30"]
  let ratios: [Double] = test["variance_ratio_first_30"]
  #expect(zip(scree.singularValues, values).allSatisfy { abs($0 - $1) <= 1e-4 * $1 })
  #expect(zip(scree.varianceRatios, ratios).allSatisfy { abs($0 - $1) <= 1e-4 * $1 })
}

@Test(arguments: Reference.cases("ncc_matrix"))
func correlationsOfAllPairsAgree(test: Reference.Case) {
  let pages = Reference.image(test["input"])
  let stack = Matrix(rows: pages.count, columns: pages[0].count, values: pages.flatMap(\.values))
  let matrix = correlationMatrix(stack)
  let expected = (test["matrix"] as [[NSNumber]]).map { $0.map(\.doubleValue) }
  for i in pages.indices {
    for j in pages.indices {
      #expect(abs(Double(matrix[i, j]) - expected[i][j]) <= 1e-5)
      #expect(abs(pages[i].correlation(with: pages[j]) - expected[i][j]) <= 1e-5)
    }
  }
}

@Test(arguments: Reference.cases("dbscan"))
func clustersAreTheReferenceClusters(test: Reference.Case) {
  let points = (test["points"] as [[Double]]).map { Point(y: $0[0], x: $0[1]) }
  let result = dbscan(points, reach: test.number("eps"), minimumSamples: Int(test.number("min_samples")))
  let expected: [Int] = test["labels"]
  #expect(result.cluster.map { $0 ?? -1 } == expected)
}
