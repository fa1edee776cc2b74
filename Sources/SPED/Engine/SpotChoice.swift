/// A spot whose virtual dark-field image is looked at: `A3` is the third strongest of crystal A.
struct SpotChoice: Sendable, Equatable, CustomStringConvertible {
  let letter: String
  /// 1 is the strongest.
  let rank: Int

  /// Nil for no text at all; what is neither is refused.
  init?(_ text: String) throws(SPEDError) {
    guard !text.isEmpty else { return nil }
    let letters = text.prefix { ("A"..."Z").contains($0) }
    guard 1...3 ~= letters.count, let rank = Int(text.dropFirst(letters.count)), rank > 0 else {
      throw .spot(text)
    }
    letter = String(letters)
    self.rank = rank
  }

  var description: String { "\(letter)\(rank)" }

  /// Its column in the virtual dark-field matrix.
  func vector(in crystals: [FoundCrystal]) -> Int? {
    guard let crystal = crystals.first(where: { $0.letter == letter }), rank <= crystal.vectors.count else {
      return nil
    }
    return crystal.vectors[rank - 1]
  }
}
