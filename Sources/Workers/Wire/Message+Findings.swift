import Diffraction

// What an analysis is asked and what it answers.

extension MessageWriter {
  mutating func put(_ quantity: Quantity) {
    put(quantity.name)
    put(quantity.value)
    put(quantity.unit)
    for value in [quantity.low, quantity.high, quantity.probability] { put(value) { $0.put($1) } }
    put(quantity.alternatives) {
      $0.put($1.value)
      $0.put($1.probability)
    }
    put(quantity.said) { $0.put($1) }
  }

  mutating func put(_ histogram: Histogram) {
    put(histogram.name)
    put(histogram.unit)
    put(numbers: histogram.centres)
    put(numbers: histogram.probabilities)
  }

  mutating func put(_ profile: Profile) {
    put(profile.name)
    put(profile.unit)
    put(profile.start)
    put(profile.step)
    put(numbers: profile.values)
  }

  package mutating func put(_ finding: Finding) {
    put(finding.values) { $0.put($1) }
    put(finding.histograms) { $0.put($1) }
    put(finding.profiles) { $0.put($1) }
    put(finding.verdict.rawValue)
    put(finding.reasons) {
      $0.put($1.code)
      $0.put($1.text)
    }
    put(finding.model) {
      $0.put($1.id)
      $0.put($1.sha256)
    }
    put(finding.exhibits) { $0.put($1) }
    put(finding.artifacts.sorted { $0.key < $1.key }) {
      $0.put($1.key)
      $0.put($1.value)
    }
  }

  package mutating func put(_ parameters: ParameterValues) {
    put(parameters.values.sorted { $0.key < $1.key }) {
      $0.put($1.key)
      switch $1.value {
      case .automatic: $0.put(0)
      case .number(let value):
        $0.put(1)
        $0.put(value)
      case .text(let text):
        $0.put(2)
        $0.put(text)
      }
    }
  }

  package mutating func put(_ artifact: Artifact) {
    put(artifact.role)
    put(artifact.file)
    switch artifact.content {
    case .images(let pages, let description):
      put(0)
      put(pages) { $0.put($1) }
      put(description)
    case .bytes(let bytes):
      put(1)
      put(numbers: bytes)
    }
  }

  package mutating func put(_ error: AnalysisError) {
    switch error {
    case .cancelled: put(0)
    case .parameter(let invalid):
      put(1)
      put(invalid.description)
    case .file(let refusal):
      put(2)
      put(refusal)
    case .failed(let reason):
      put(3)
      put(reason)
    case .died(let reason):
      put(4)
      put(reason)
    }
  }
}

extension MessageReader {
  mutating func quantity() throws(Broken) -> Quantity {
    let (name, value, unit) = (try text(), try double(), try text())
    let low = try optional { reader throws(Broken) in try reader.double() }
    let high = try optional { reader throws(Broken) in try reader.double() }
    let probability = try optional { reader throws(Broken) in try reader.double() }
    let alternatives = try array { reader throws(Broken) in
      Quantity.Alternative(value: try reader.double(), probability: try reader.double())
    }
    let said = try optional { reader throws(Broken) in try reader.text() }
    return Quantity(
      name, value, unit: unit, low: low, high: high, probability: probability, alternatives: alternatives,
      said: said)
  }

  mutating func histogram() throws(Broken) -> Histogram {
    Histogram(
      name: try text(), unit: try text(), centres: try numbers(0.0), probabilities: try numbers(0.0))
  }

  mutating func profile() throws(Broken) -> Profile {
    Profile(
      name: try text(), unit: try text(), start: try double(), step: try double(), values: try numbers(0.0))
  }

  package mutating func finding() throws(Broken) -> Finding {
    let values = try array { reader throws(Broken) in try reader.quantity() }
    let histograms = try array { reader throws(Broken) in try reader.histogram() }
    let profiles = try array { reader throws(Broken) in try reader.profile() }
    guard let verdict = Verdict(rawValue: try text()) else { throw Broken() }
    let reasons = try array { reader throws(Broken) in Reason(try reader.text(), try reader.text()) }
    let model = try optional { reader throws(Broken) in
      ModelIdentity(id: try reader.text(), sha256: try reader.text())
    }
    let exhibits = try array { reader throws(Broken) in try reader.exhibit() }
    let artifacts = try array { reader throws(Broken) in (try reader.text(), try reader.text()) }
    return Finding(
      values: values, histograms: histograms, profiles: profiles, verdict: verdict, reasons: reasons,
      model: model, exhibits: exhibits, artifacts: Dictionary(artifacts) { $1 })
  }

  package mutating func parameters() throws(Broken) -> ParameterValues {
    let pairs = try array { reader throws(Broken) -> (String, ParameterValue) in
      let name = try reader.text()
      switch try reader.int() {
      case 0: return (name, .automatic)
      case 1: return (name, .number(try reader.double()))
      case 2: return (name, .text(try reader.text()))
      default: throw Broken()
      }
    }
    return ParameterValues(Dictionary(pairs) { $1 })
  }

  package mutating func artifact() throws(Broken) -> Artifact {
    let (role, file) = (try text(), try text())
    switch try int() {
    case 0:
      let pages = try array { reader throws(Broken) in try reader.pixels() }
      return Artifact(role: role, file: file, content: .images(pages, description: try text()))
    case 1: return Artifact(role: role, file: file, content: .bytes(try numbers(UInt8(0))))
    default: throw Broken()
    }
  }

  package mutating func analysisError() throws(Broken) -> AnalysisError {
    switch try int() {
    case 0: return .cancelled
    case 1: return .parameter(InvalidParameter(try text()))
    case 2: return .file(try refusal())
    case 3: return .failed(try text())
    case 4: return .died(try text())
    default: throw Broken()
    }
  }
}
