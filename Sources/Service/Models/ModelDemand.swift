import JSON

/// What a model's validation must reach before it is offered to anyone.
package struct ModelDemand {
  /// At a tenth of the range in noise: the truth among the network's three best answers, and the middle error.
  static let amongThree = 0.85
  static let medianPercent = 5.0
  /// By as much a manifest may claim more than is found: two draws of a thousand patterns differ by chance.
  static let tolerance = 0.05

  private struct Row {
    let among: Double
    let median: Double
  }

  private let row: Row?

  /// `rows` as a manifest and `ewald models validate --report` tell them.
  package init(claimed rows: JSONValue?) {
    let found = rows?.items?.first { $0["of"]?.string == "noise 0.1" }
    if let among = found?["among_three"]?.double,
      let median = found?["thickness_error_median_percent"]?.double
    {
      row = Row(among: among, median: median)
    } else {
      row = nil
    }
  }

  /// Why it is not offered; nil where it may be.
  package var fault: String? {
    guard let row else { return "no validation at noise 0.1 is told" }
    if !(row.among >= Self.amongThree) {
      return
        "the truth is among its three best answers in \(Self.percent(row.among)) of the patterns; \(Self.percent(Self.amongThree)) are asked for"
    }
    if !(row.median <= Self.medianPercent) {
      return "its median error is \(row.median) %; \(Self.medianPercent) % are asked for"
    }
    return nil
  }

  /// Why these claims are not believed beside what was measured here; nil where they are.
  package func excess(over measured: JSONValue) -> String? {
    guard let row, let found = ModelDemand(claimed: measured).row, row.among > found.among + Self.tolerance
    else {
      return nil
    }
    return
      "its manifest claims the truth among three answers in \(Self.percent(row.among)) of the patterns; \(Self.percent(found.among)) were found here"
  }

  private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
