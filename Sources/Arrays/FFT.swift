import CFFTW
import Synchronization

/// Forward is exp(-2 pi i k x / n), inverse exp(+2 pi i k x / n); neither scales, so forward then
/// inverse multiplies by the number of points.
public enum FFTDirection: Sendable { case forward, inverse }

/// How FFTW chooses its algorithm.
public enum FFTPlanning: Sendable {
  /// By rules: the same bits on every run.
  case rules
  /// By timing candidates (tens of milliseconds): faster for many transforms, but the choice, and with
  /// it the last bits, may differ from run to run.
  case timed
}

/// A batch of two-dimensional single-precision Fourier transforms of one size, complex to complex.
///
/// Making a plan takes a process-wide lock; executing one does not and may happen on any thread.
public final class ComplexFFT2D: Sendable {
  public let rows: Int
  public let columns: Int
  /// Images per execution, stored one after the other.
  public let batch: Int
  private let plan: FFTWPlan

  public init(
    rows: Int, columns: Int, batch: Int = 1, direction: FFTDirection, planning: FFTPlanning = .rules
  ) {
    precondition(rows > 0 && columns > 0 && batch > 0, "a transform has points")
    self.rows = rows
    self.columns = columns
    self.batch = batch
    let count = rows * columns
    plan = FFTWPlan(inputBytes: batch * count * 8, outputBytes: batch * count * 8) { input, output in
      var size = [Int32(rows), Int32(columns)]
      return fftwf_plan_many_dft(
        2, &size, Int32(batch), input.assumingMemoryBound(to: fftwf_complex.self), nil, 1, Int32(count),
        output.assumingMemoryBound(to: fftwf_complex.self), nil, 1, Int32(count),
        direction == .forward ? FFTW_FORWARD : FFTW_BACKWARD, planning.flags)
    }
  }

  public var count: Int { rows * columns * batch }

  /// Transforms `batch` images; input and output do not overlap.
  public func execute(
    _ input: UnsafePointer<Complex<Float>>, into output: UnsafeMutablePointer<Complex<Float>>
  ) {
    plan.execute(UnsafeMutableRawPointer(mutating: input), output) { plan, input, output in
      fftwf_execute_dft(
        plan, input.assumingMemoryBound(to: fftwf_complex.self),
        output.assumingMemoryBound(to: fftwf_complex.self))
    }
  }

  public func transform(_ input: [Complex<Float>]) -> [Complex<Float>] {
    precondition(input.count == count, "\(count) points")
    return Array(unsafeUninitializedCapacity: count) { output, initialized in
      input.withUnsafeBufferPointer { from in
        if let from = from.baseAddress, let to = output.baseAddress { execute(from, into: to) }
      }
      initialized = count
    }
  }
}

/// A batch of two-dimensional single-precision Fourier transforms of real images.
///
/// The spectrum holds `rows` x `columns / 2 + 1` values an image: the other half is its conjugate mirror.
public final class RealFFT2D: Sendable {
  public let rows: Int
  public let columns: Int
  public let batch: Int
  private let forwardPlan: FFTWPlan
  private let inversePlan: FFTWPlan

  public init(rows: Int, columns: Int, batch: Int = 1, planning: FFTPlanning = .rules) {
    precondition(rows > 0 && columns > 0 && batch > 0, "a transform has points")
    self.rows = rows
    self.columns = columns
    self.batch = batch
    let real = rows * columns
    let half = rows * (columns / 2 + 1)
    forwardPlan = FFTWPlan(inputBytes: batch * real * 4, outputBytes: batch * half * 8) { input, output in
      var size = [Int32(rows), Int32(columns)]
      return fftwf_plan_many_dft_r2c(
        2, &size, Int32(batch), input.assumingMemoryBound(to: Float.self), nil, 1, Int32(real),
        output.assumingMemoryBound(to: fftwf_complex.self), nil, 1, Int32(half), planning.flags)
    }
    inversePlan = FFTWPlan(inputBytes: batch * half * 8, outputBytes: batch * real * 4) { input, output in
      var size = [Int32(rows), Int32(columns)]
      return fftwf_plan_many_dft_c2r(
        2, &size, Int32(batch), input.assumingMemoryBound(to: fftwf_complex.self), nil, 1, Int32(half),
        output.assumingMemoryBound(to: Float.self), nil, 1, Int32(real), planning.flags)
    }
  }

  public var realCount: Int { rows * columns * batch }
  public var spectrumColumns: Int { columns / 2 + 1 }
  public var spectrumCount: Int { rows * spectrumColumns * batch }

  public func forward(_ image: UnsafePointer<Float>, into spectrum: UnsafeMutablePointer<Complex<Float>>) {
    forwardPlan.execute(UnsafeMutableRawPointer(mutating: image), spectrum) { plan, input, output in
      fftwf_execute_dft_r2c(
        plan, input.assumingMemoryBound(to: Float.self), output.assumingMemoryBound(to: fftwf_complex.self))
    }
  }

  /// Without scaling; `spectrum` is destroyed.
  public func inverse(
    _ spectrum: UnsafeMutablePointer<Complex<Float>>, into image: UnsafeMutablePointer<Float>
  ) {
    inversePlan.execute(spectrum, image) { plan, input, output in
      fftwf_execute_dft_c2r(
        plan, input.assumingMemoryBound(to: fftwf_complex.self), output.assumingMemoryBound(to: Float.self))
    }
  }

  public func forward(_ image: [Float]) -> [Complex<Float>] {
    precondition(image.count == realCount, "\(realCount) points")
    return Array(unsafeUninitializedCapacity: spectrumCount) { output, initialized in
      image.withUnsafeBufferPointer { from in
        if let from = from.baseAddress, let to = output.baseAddress { forward(from, into: to) }
      }
      initialized = spectrumCount
    }
  }

  /// Without scaling.
  public func inverse(_ spectrum: [Complex<Float>]) -> [Float] {
    precondition(spectrum.count == spectrumCount, "\(spectrumCount) points")
    var spectrum = spectrum
    return Array(unsafeUninitializedCapacity: realCount) { output, initialized in
      spectrum.withUnsafeMutableBufferPointer { from in
        if let from = from.baseAddress, let to = output.baseAddress { inverse(from, into: to) }
      }
      initialized = realCount
    }
  }
}

extension FFTPlanning {
  fileprivate var flags: UInt32 { self == .rules ? fftw_flag_estimate : fftw_flag_measure }
}

/// Owns one fftwf_plan. Planning and destroying are serialised; FFTW allows concurrent new-array execution.
private final class FFTWPlan: @unchecked Sendable {
  // Sendable: the plan is never changed after `init`, and new-array execution is thread-safe.
  private let plan: fftwf_plan
  private let inputBytes: Int
  private let outputBytes: Int
  private static let planner = Mutex<Void>(())

  init(
    inputBytes: Int, outputBytes: Int,
    make: (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> fftwf_plan?
  ) {
    self.inputBytes = inputBytes
    self.outputBytes = outputBytes
    // Planning may overwrite its arrays, so it gets its own, aligned as FFTW likes best.
    guard let input = fftwf_malloc(inputBytes), let output = fftwf_malloc(outputBytes) else {
      preconditionFailure("no memory for a transform of \(inputBytes) bytes")
    }
    defer {
      fftwf_free(input)
      fftwf_free(output)
    }
    let made = Self.planner.withLock { _ in
      nonisolated(unsafe) let plan = make(input, output)
      return plan
    }
    guard let made else {
      preconditionFailure("FFTW has no plan for a transform of \(inputBytes) bytes")
    }
    plan = made
  }

  deinit {
    Self.planner.withLock { _ in fftwf_destroy_plan(plan) }
  }

  func execute(
    _ input: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer,
    _ run: (fftwf_plan, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  ) {
    // The plan was made for aligned arrays. Swift's arrays are; a slice into one may not be.
    if Self.isAligned(input) && Self.isAligned(output) { return run(plan, input, output) }
    guard let from = fftwf_malloc(inputBytes), let to = fftwf_malloc(outputBytes) else {
      preconditionFailure("no memory for a transform of \(inputBytes) bytes")
    }
    defer {
      fftwf_free(from)
      fftwf_free(to)
    }
    from.copyMemory(from: input, byteCount: inputBytes)
    run(plan, from, to)
    output.copyMemory(from: to, byteCount: outputBytes)
  }

  private static func isAligned(_ pointer: UnsafeMutableRawPointer) -> Bool {
    fftwf_alignment_of(pointer.assumingMemoryBound(to: Float.self)) == 0
  }
}

extension RealFFT2D {
  /// One plan a size for the whole process: for code that meets images of a few sizes again and again.
  public static func shared(rows: Int, columns: Int) -> RealFFT2D {
    let size = [rows, columns]
    if let plan = sharedPlans.withLock({ $0[size] }) { return plan }
    let plan = RealFFT2D(rows: rows, columns: columns)
    return sharedPlans.withLock { plans in
      // A folder of images has a few sizes; more would be somebody's experiment.
      if plans.count >= 32 { plans.removeAll() }
      plans[size] = plan
      return plan
    }
  }
}

private let sharedPlans = Mutex<[[Int]: RealFFT2D]>([:])
