import System
import Arrays
import Glibc
import Imaging

/// Times every image operation on fixed inputs, one thread, and prints one tab-separated line each: name,
/// milliseconds (median), and a value to compare with the peer's. With a folder given, the inputs are written
/// there as raw little-endian files, for `Peers/imaging/compare.py` to time the peers on the same data.
enum ImagingSuite {
  static func run(exportingTo folder: String? = nil, only part: String = "") {
    let inputs = Inputs()
    if let folder { inputs.export(to: folder) }
    let clock = Stopwatch(only: part)
    filters(inputs, clock)
    segmentation(inputs, clock)
    geometry(inputs, clock)
    algebra(inputs, clock)
  }

  private static func filters(_ inputs: Inputs, _ clock: Stopwatch) {
    let (image, small) = (inputs.image, inputs.pattern)
    clock.measure("gaussian_1.7_512") { mean(image.gaussian(sigma: 1.7)) }
    clock.measure("gaussian_13.2_512") { mean(image.gaussian(sigma: 13.2)) }
    clock.measure("dog_background_144") { mean(small.subtractingBackground()) }
    clock.measure("gaussian_laplace_1.5_512") { mean(image.gaussianLaplace(sigma: 1.5)) }
    clock.measure("blob_log_30_scales_144") {
      Double(small.blobs(BlobSearch(from: 0.7, to: 10, count: 30, threshold: 0.046)).count)
    }
    clock.measure("sobel_512") { mean(image.sobel()) }
    clock.measure("otsu_512") { Double(image.otsuThreshold()) }
    clock.measure("li_512") { Double(image.liThreshold()) }
    clock.measure("percentiles_512") { Double(image.percentiles([1, 50, 99.5])[2]) }
  }

  private static func segmentation(_ inputs: Inputs, _ clock: Stopwatch) {
    let (image, mask, markers) = (inputs.image, inputs.mask, inputs.markers)
    clock.measure("label_512") { Double(mask.labelledRegions().count) }
    clock.measure("erosion_disc2_512") { Double(mask.eroded(byDisc: 2).values.count { $0 }) }
    clock.measure("dilation_disc5_512") { Double(mask.dilated(byDisc: 5).values.count { $0 }) }
    clock.measure("edt_512") { mean(mask.distanceTransform()) }
    clock.measure("local_maxima_d3_512") { Double(image.localMaxima(minimumDistance: 3).count) }
    let gradient = image.sobel()
    clock.measure("watershed_512") {
      gradient.watershed(markers: markers, mask: mask).values.reduce(0.0) { $0 + Double($1) }
    }
    clock.measure("dbscan_20000") {
      Double(dbscan(inputs.points, reach: 0.89, minimumSamples: 10).count)
    }
  }

  private static func geometry(_ inputs: Inputs, _ clock: Stopwatch) {
    let (image, moved) = (inputs.image, inputs.moved)
    let centre = Point(y: 255.5, x: 255.5)
    clock.measure("resize_512_to_680") { mean(image.resized(rows: 680, columns: 680)) }
    clock.measure("average_512_to_128") { mean(image.averaged(rows: 128, columns: 128)) }
    clock.measure("rotate_512") { mean(image.rotated(by: 0.3)) }
    clock.measure("polar_512") {
      mean(image.polar(about: centre, angles: 360, radii: 256, maximumRadius: 256))
    }
    clock.measure("shift_cubic_512") { mean(image.shifted(by: Point(y: 3.4, x: -2.7), method: .cubic)) }
    clock.measure("shift_fourier_512") { mean(image.shifted(by: Point(y: 3.4, x: -2.7), method: .fourier)) }
    clock.measure("phase_registration_512") { moved.displacement(onto: image).shift.y }
    let template = Image(rows: 21, columns: 21) { out in
      for i in 0..<441 { out.initializeElement(at: i, to: image[200 + i / 21, 300 + i % 21]) }
    }
    clock.measure("match_template_21_512") { Double(image.match(template: template).extent.largest) }
    clock.measure("centre_of_mass_512") { image.centreOfMass(above: inputs.level)?.y ?? 0 }
    clock.measure("ncc_matrix_100x2000") { mean(correlationMatrix(inputs.stack)) }
  }

  private static func algebra(_ inputs: Inputs, _ clock: Stopwatch) {
    let start = NonNegativeFactors(weights: inputs.weights, components: inputs.components)
    func factorise(_ solver: NonNegativeFactors.Solver, _ rounds: Int) -> Double {
      var factors = start
      factors.iterate(inputs.counts, solver: solver, iterations: rounds)
      return (factors.weights.values + factors.components.values).reduce(0) { $0 + Double($1) }
    }
    clock.measure("nmf_cd_2000x400_k11_50") { factorise(.coordinateDescent, 50) }
    clock.measure("nmf_mu_2000x400_k11_50") { factorise(.multiplicative(.frobenius), 50) }
    clock.measure("nmf_kl_2000x400_k11_10") { factorise(.multiplicative(.kullbackLeibler), 10) }
    clock.measure("scree_500x1264") { (try? Scree(inputs.patterns, count: 30).singularValues[29]) ?? .nan }
    clock.measure("svd_500x1264") { Double((try? inputs.patterns.singularValues().values[29]) ?? .nan) }
    clock.measure("gemm_float_512") { mean(inputs.image * inputs.moved) }
    let double = (DoubleMatrix(inputs.image), DoubleMatrix(inputs.moved))
    clock.measure("gemm_double_512") { (double.0 * double.1).values[7] }
  }

  private static func mean(_ image: Image) -> Double {
    image.values.reduce(0.0) { $0 + Double($1) } / Double(image.count)
  }
}

/// Times what its name filter lets through.
private struct Stopwatch {
  let only: String

  /// The median of at least five runs and at least a quarter of a second.
  func measure(_ name: String, _ body: () -> Double) {
    guard only.isEmpty || name.hasPrefix(only) else { return }
    let value = body()
    var times: [Double] = []
    var total = 0.0
    while times.count < 5 || (total < 0.25 && times.count < 1000) {
      let start = now()
      if body() != value && !value.isNaN { print("\(name) differs from run to run") }
      times.append(now() - start)
      total += times[times.count - 1]
    }
    print("\(name)\t\(times.sorted()[times.count / 2] * 1000)\t\(value)")
  }

  /// Processor time: the wall clock also counts what other programs do.
  private func now() -> Double { processorSeconds() }
}

/// Everything the suite works on, from fixed seeds.
private struct Inputs {
  /// Grains, spots and noise.
  let image: Image
  let moved: Image
  /// One sparse diffraction pattern, largest pixel 1.
  let pattern: Image
  let level: Float
  let mask: Mask
  let markers: Labels
  let points: [Point]
  /// 100 images of 2000 pixels.
  let stack: Matrix
  let counts: Matrix
  let weights: Matrix
  let components: Matrix
  let patterns: Matrix

  init() {
    let random = RandomNumbers(seed: 20_260)
    func spots(_ size: Int, _ count: Int, _ width: Double, _ noise: Double, _ stream: Int) -> Image {
      var numbers = random.stream(stream)
      var image = Image(rows: size, columns: size)
      for _ in 0..<count {
        let (y, x) = (numbers.uniform() * Double(size), numbers.uniform() * Double(size))
        let height = 100 * numbers.uniform()
        let reach = Int(4 * width)
        for r in max(0, Int(y) - reach)..<min(size, Int(y) + reach) {
          for c in max(0, Int(x) - reach)..<min(size, Int(x) + reach) {
            let d = (Double(r) - y) * (Double(r) - y) + (Double(c) - x) * (Double(c) - x)
            image[r, c] += Float(height * exp(-0.5 * d / (width * width)))
          }
        }
      }
      for i in 0..<image.count { image.values[i] += Float(noise * numbers.normal()) }
      return image
    }
    image = spots(512, 300, 12, 2, 0)
    moved = image.shifted(by: Point(y: 5.3, x: -8.6), method: .fourier)
    let sharp = spots(144, 40, 1.1, 0, 1).subtractingBackground()
    let brightest = sharp.extent.largest
    pattern = sharp.mapValues { $0 / brightest }
    level = image.otsuThreshold()
    mask = image.brighter(than: level)
    var markers = Labels(rows: 512, columns: 512)
    for (index, peak) in mask.distanceTransform().gaussian(sigma: 1).localMaxima(minimumDistance: 8)
      .enumerated()
    {
      markers[peak.y, peak.x] = Int32(index + 1)
    }
    self.markers = markers
    var numbers = random.stream(2)
    // Ninety clusters on a grid, and one point in ten anywhere.
    points = (0..<20_000).map { i -> Point in
      if i % 10 == 0 { return Point(y: numbers.uniform() * 144, x: numbers.uniform() * 144) }
      let (row, column) = (Double(i % 10), Double(i / 10 % 9))
      return Point(y: 7 + 14 * row + 0.4 * numbers.normal(), x: 7 + 14 * column + 0.4 * numbers.normal())
    }
    func uniform(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(numbers.uniform()) })
    }
    stack = uniform(100, 2000)
    counts = uniform(2000, 8) * uniform(8, 400)
    weights = uniform(2000, 11)
    components = uniform(11, 400)
    patterns = uniform(500, 1264)
  }

  func export(to folder: String) {
    write(image.values, "\(folder)/image.f32")
    write(moved.values, "\(folder)/moved.f32")
    write(pattern.values, "\(folder)/pattern.f32")
    write(mask.values.map { $0 ? UInt8(1) : 0 }, "\(folder)/mask.u8")
    write(markers.values, "\(folder)/markers.i32")
    write(points.flatMap { [$0.y, $0.x] }, "\(folder)/points.f64")
    write(stack.values, "\(folder)/stack.f32")
    write(counts.values, "\(folder)/counts.f32")
    write(weights.values, "\(folder)/weights.f32")
    write(components.values, "\(folder)/components.f32")
    write(patterns.values, "\(folder)/patterns.f32")
  }

  private func write<T>(_ values: [T], _ path: String) {
    guard let file = fopen(path, "wb") else { return perror(path) }
    defer { fclose(file) }
    values.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
  }
}
