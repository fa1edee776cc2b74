/// What was probably meant.
enum Spelling {
  /// The nearest of `words`, if it is near enough to be a slip of the finger.
  static func nearest(_ word: String, among words: some Sequence<String>) -> String? {
    let typed = Array(word.lowercased())
    let longer = words.filter { typed.count >= 4 && $0.lowercased().hasPrefix(word.lowercased()) }
    if longer.count == 1 { return longer[0] }
    let best = words.map { ($0, distance(typed, Array($0.lowercased()))) }.min { $0.1 < $1.1 }
    guard let best, best.1 <= max(1, typed.count / 3) else { return nil }
    return best.0
  }

  /// `; is --engine meant?`, or what an earlier version's name is today, or nothing.
  static func hint(_ word: String, among words: some Sequence<String>) -> String {
    if let renaming = RenamedSettings.table[word] { return "; \(renaming.form)" }
    return nearest(word, among: words).map { "; is \($0) meant?" } ?? ""
  }

  /// Letters left out, added, changed or swapped with their neighbour.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var rows = [Array(0...b.count)]
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var best = min(
          rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, rows[i - 2][j - 2] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
