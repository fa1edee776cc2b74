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
  /// The same in words of the field, where a number alone says little: `towards [110], 4° off`.
  public var said: String?

  public init(
    _ name: String, _ value: Double, unit: String = "1", low: Double? = nil, high: Double? = nil,
    probability: Double? = nil, alternatives: [Alternative] = [], said: String? = nil
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.low = low
    self.high = high
    self.probability = probability
    self.alternatives = alternatives
    self.said = said
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

/// What an engine has to say about a frame or a scan.
public struct Finding: Sendable {
  public var values: [Quantity]
  public var histograms: [Histogram]
  public var profiles: [Profile]
  public var verdict: Verdict
  public var reasons: [Reason]
  public var model: ModelIdentity?
  /// What there is to look at; not recorded, made anew when it is asked for.
  public var exhibits: [Exhibit]
  /// Files written beside the session, by role (`segments`, `patterns`).
  public var artifacts: [String: String]

  public init(
    values: [Quantity], histograms: [Histogram] = [], profiles: [Profile] = [], verdict: Verdict = .accept,
    reasons: [Reason] = [], model: ModelIdentity? = nil, exhibits: [Exhibit] = [],
    artifacts: [String: String] = [:]
  ) {
    self.values = values
    self.histograms = histograms
    self.profiles = profiles
    self.verdict = verdict
    self.reasons = reasons
    self.model = model
    self.exhibits = exhibits
    self.artifacts = artifacts
  }

  public subscript(name: String) -> Quantity? { values.first { $0.name == name } }
}
