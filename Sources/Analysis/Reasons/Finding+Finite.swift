import Diffraction

extension Finding {
  /// The finding without what is no number: no value is infinite, and none is told with a bound that is. An
  /// answer that came out so is not to be relied on, whatever the engine made of the rest.
  package var finite: Finding {
    func number(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    var finding = self
    finding.values = values.compactMap { quantity in
      guard quantity.value.isFinite else { return nil }
      var quantity = quantity
      quantity.low = number(quantity.low)
      quantity.high = number(quantity.high)
      quantity.probability = number(quantity.probability)
      quantity.alternatives.removeAll { !$0.value.isFinite || !$0.probability.isFinite }
      return quantity
    }
    finding.histograms.removeAll { !$0.probabilities.allSatisfy(\.isFinite) }
    if Severity(verdict) < .outOfDomain, finding.values.count < values.count {
      finding.verdict = .notAnalysable
      finding.reasons.insert(
        Reason(.noResult, "a result is no number: the frame is not one to analyse"), at: 0)
    }
    return finding
  }
}
