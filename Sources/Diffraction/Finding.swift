/// A measured or predicted number with its unit and, where the engine can say, its uncertainty.
public struct Quantity: Sendable, Equatable {
  public struct Alternative: Sendable, Equatable {
    public var value: Double
    public var probability: Double

    public init(value: Double, probability: Double) {
      self.value = value
      self.probability = probability
    }
  }

  public var name: String
  /// Not finite means unknown; the session file writes `null`.
  public var value: Double
  public var unit: String
  /// The ends of the 95 % interval.
  public var low: Double?
  public var high: Double?
  public var probability: Double?
  /// Other answers that fit nearly as well, most probable first.
  public var alternatives: [Alternative]

  public init(
    _ name: String, _ value: Double, unit: String = "1", low: Double? = nil, high: Double? = nil,
    probability: Double? = nil, alternatives: [Alternative] = []
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.low = low
    self.high = high
    self.probability = probability
    self.alternatives = alternatives
  }
}

/// The probability of every bin of a quantity.
public struct Histogram: Sendable, Equatable {
  public var name: String
  public var unit: String
  public var centres: [Double]
  public var probabilities: [Double]

  public init(name: String, unit: String, centres: [Double], probabilities: [Double]) {
    self.name = name
    self.unit = unit
    self.centres = centres
    self.probabilities = probabilities
  }
}

/// A curve: a radial profile, a scree plot. `x` steps evenly from `start`.
public struct Profile: Sendable, Equatable {
  public var name: String
  public var unit: String
  public var start: Double
  public var step: Double
  public var values: [Double]

  public init(name: String, unit: String, start: Double = 0, step: Double = 1, values: [Double]) {
    self.name = name
    self.unit = unit
    self.start = start
    self.step = step
    self.values = values
  }
}

/// Whether a finding may be used.
public enum Verdict: String, Sendable, CaseIterable {
  case accept, doubtful
  case outOfDomain = "out_of_domain"
  case notAnalysable = "not_analysable"
}

/// Why a verdict is not a plain accept: a short code for filters and the list, a sentence for people.
public struct Reason: Sendable, Equatable {
  /// Upper case, at most four letters: `SAT`, `DRFT`, `2PK`, `OOD`.
  public var code: String
  public var text: String

  public init(_ code: String, _ text: String) {
    self.code = code
    self.text = text
  }
}

/// Which trained model spoke: an answer can be traced to its weights years later.
public struct ModelIdentity: Sendable, Equatable {
  public var id: String
  public var sha256: String

  public init(id: String, sha256: String) {
    self.id = id
    self.sha256 = sha256
  }
}

/// An image that explains a finding (a predicted pattern, a difference, a segment map). Shown, and
/// computed again when asked for; too large for the session file.
public struct Picture: Sendable {
  public var name: String
  public var pixels: Pixels
  /// Pictures with the same scale name share one contrast; `measured` is the frame's own.
  public var scale: String
  /// A difference: zero is the middle of its contrast.
  public var isSigned: Bool
  /// Which of the finding's answers it belongs to: 0 is the answer, 1 the first alternative.
  public var candidate: Int
  /// Over the positions of the scan (a thickness map), not over a detector.
  public var isMap: Bool
  /// Points instead of an image: the pixels say nothing then.
  public var scatter: Scatter?

  public static let measured = "measured"

  public init(
    name: String, pixels: Pixels, scale: String = "", isSigned: Bool = false, candidate: Int = 0,
    isMap: Bool = false
  ) {
    self.name = name
    self.pixels = pixels
    self.scale = scale
    self.isSigned = isSigned
    self.candidate = candidate
    self.isMap = isMap
  }

  public init(_ scatter: Scatter) {
    self.init(name: scatter.name, pixels: Pixels(width: 1, height: 1, values: [UInt8(0)]))
    self.scatter = scatter
  }

  /// What it holds in memory.
  public var byteCount: Int { pixels.byteCount + (scatter?.byteCount ?? 0) }
}

/// What an engine has to say about a frame or a scan.
public struct Finding: Sendable {
  public var values: [Quantity]
  public var histograms: [Histogram]
  public var profiles: [Profile]
  public var verdict: Verdict
  public var reasons: [Reason]
  public var model: ModelIdentity?
  public var pictures: [Picture]
  /// Files written beside the session, by role (`segments`, `patterns`).
  public var artifacts: [String: String]

  public init(
    values: [Quantity], histograms: [Histogram] = [], profiles: [Profile] = [], verdict: Verdict = .accept,
    reasons: [Reason] = [], model: ModelIdentity? = nil, pictures: [Picture] = [],
    artifacts: [String: String] = [:]
  ) {
    self.values = values
    self.histograms = histograms
    self.profiles = profiles
    self.verdict = verdict
    self.reasons = reasons
    self.model = model
    self.pictures = pictures
    self.artifacts = artifacts
  }

  public subscript(name: String) -> Quantity? { values.first { $0.name == name } }
}
