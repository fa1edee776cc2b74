/// Reads surface files: one statement a line, words separated by blanks, `#` starts a comment.
///
/// ```
/// surface NAME
/// constant NAME EXPRESSION
/// parameter NAME UNIT STANDARD LOW HIGH TITLE…
/// element SYMBOL CHARGE EXCHANGE SHELL…          (1s2 2s2 2p6 …)
/// cell AX AY BX BY        bulk_cell AX AY BX BY        bulk_repeat X Y Z
/// layer Z  |  bulk_layer Z                       (the height its waves are referred to)
/// atom SYMBOL X Y Z MEAN_SQUARE                  (belongs to the layer above it)
/// ```
extension SurfaceModel {
  package init(parsing text: String) throws(CBLEEDError) {
    var reader = SurfaceReader()
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
      guard let keyword = words.first else { continue }
      reader.line = number
      try reader.statement(keyword, Array(words.dropFirst()))
    }
    self = try reader.finished()
    source = text
  }
}

private struct SurfaceReader {
  var line = 0
  private var name: String?
  private var constants: [String: Double] = [:]
  private var parameters: [SurfaceModel.FreeParameter] = []
  private var elements: [SurfaceModel.Element] = []
  private var cell: PlaneCell?
  private var bulkCell: PlaneCell?
  private var bulkRepeat: Position?
  private var layers: [SurfaceModel.LayerRule] = []
  private var bulk: [SurfaceModel.LayerRule] = []
  private var readsBulk = false

  func fail(_ reason: String) -> CBLEEDError { .surfaceFile(line: line, reason: reason) }

  mutating func statement(_ keyword: Substring, _ words: [Substring]) throws(CBLEEDError) {
    func need(_ count: Int, _ usage: String) throws(CBLEEDError) {
      if words.count < count { throw fail("\(keyword) needs \(usage)") }
    }
    switch keyword {
    case "surface":
      try need(1, "a name")
      name = words.joined(separator: " ")
    case "constant":
      try need(2, "a name and an expression")
      constants[try newName(words[0])] = try constant(words[1])
    case "parameter":
      try need(5, "a name, a unit, a standard value and the ends of its range")
      let name = try newName(words[0])
      let low = try constant(words[3])
      let high = try constant(words[4])
      guard low <= high else { throw fail("the range of \(name) is upside down") }
      parameters.append(
        .init(
          name: name, unit: String(words[1]), standard: try constant(words[2]), range: low...high,
          title: words.dropFirst(5).joined(separator: " ")))
    case "element":
      try need(4, "a symbol, a nuclear charge, an exchange factor and shells")
      try element(words)
    case "cell":
      try need(4, "four numbers")
      cell = try plane(words)
    case "bulk_cell":
      try need(4, "four numbers")
      bulkCell = try plane(words)
    case "bulk_repeat":
      try need(3, "three numbers")
      bulkRepeat = Position(try constant(words[0]), try constant(words[1]), try constant(words[2]))
    case "layer", "bulk_layer":
      try need(1, "a height")
      readsBulk = keyword == "bulk_layer"
      let rule = SurfaceModel.LayerRule(plane: try expression(words[0], parameters: !readsBulk), atoms: [])
      if readsBulk { bulk.append(rule) } else { layers.append(rule) }
    case "atom":
      try need(5, "an element, x, y, z and a mean square amplitude")
      try atom(words)
    default:
      throw fail("\"\(keyword)\" is no statement of a surface file")
    }
  }

  private func newName(_ word: Substring) throws(CBLEEDError) -> String {
    let name = String(word)
    guard constants[name] == nil, !parameters.contains(where: { $0.name == name }), name != "sqrt" else {
      throw fail("\(name) has a meaning already")
    }
    guard name.first?.isLetter == true else { throw fail("a name begins with a letter") }
    return name
  }

  private func expression(_ word: Substring, parameters allowed: Bool) throws(CBLEEDError) -> Expression {
    let expression: Expression
    do { expression = try Expression(parsing: word) } catch { throw fail(error.reason) }
    for name in expression.names.sorted() where constants[name] == nil {
      guard allowed, parameters.contains(where: { $0.name == name }) else {
        throw fail("\"\(name)\" is not known here")
      }
    }
    return expression
  }

  private func constant(_ word: Substring) throws(CBLEEDError) -> Double {
    let value = try expression(word, parameters: false).value(constants)
    guard value.isFinite else { throw fail("\(word) is not a finite number") }
    return value
  }

  private func plane(_ words: [Substring]) throws(CBLEEDError) -> PlaneCell {
    let cell = PlaneCell(
      PlaneVector(try constant(words[0]), try constant(words[1])),
      PlaneVector(try constant(words[2]), try constant(words[3])))
    guard cell.area > 1e-3 else { throw fail("the vectors of a cell must not be parallel") }
    return cell
  }

  private mutating func element(_ words: [Substring]) throws(CBLEEDError) {
    guard let charge = Int(words[1]), (1...118).contains(charge) else {
      throw fail("\(words[1]) is no nuclear charge")
    }
    var shells: [AtomicShell] = []
    for word in words.dropFirst(3) {
      guard let shell = AtomicShell(parsing: word) else { throw fail("\(word) is no shell; one is 2p6") }
      shells.append(shell)
    }
    elements.append(
      .init(
        symbol: String(words[0]), nuclearCharge: charge, shells: shells, exchange: try constant(words[2])))
  }

  private mutating func atom(_ words: [Substring]) throws(CBLEEDError) {
    guard let element = elements.firstIndex(where: { $0.symbol == words[0] }) else {
      throw fail("element \(words[0]) has not been declared")
    }
    let rule = SurfaceModel.AtomRule(
      element: element, x: try expression(words[1], parameters: !readsBulk),
      y: try expression(words[2], parameters: !readsBulk),
      z: try expression(words[3], parameters: !readsBulk),
      meanSquare: try expression(words[4], parameters: !readsBulk))
    if readsBulk {
      guard !bulk.isEmpty else { throw fail("an atom belongs to a layer") }
      bulk[bulk.count - 1].atoms.append(rule)
    } else {
      guard !layers.isEmpty else { throw fail("an atom belongs to a layer") }
      layers[layers.count - 1].atoms.append(rule)
    }
  }

  func finished() throws(CBLEEDError) -> SurfaceModel {
    guard let name else { throw fail("the file has no surface line") }
    guard let cell, let bulkCell, let bulkRepeat else {
      throw fail("the file must have cell, bulk_cell and bulk_repeat")
    }
    guard bulkCell.contains(cell.a), bulkCell.contains(cell.b) else {
      throw fail("the cell must be a superlattice of bulk_cell")
    }
    guard bulkRepeat.z < 0 else { throw fail("bulk_repeat must point down") }
    guard !layers.isEmpty, !bulk.isEmpty, (layers + bulk).allSatisfy({ !$0.atoms.isEmpty }) else {
      throw fail("the file must have a layer and a bulk_layer, each with atoms")
    }
    return SurfaceModel(
      name: name, parameters: parameters, elements: elements, cell: cell, bulkCell: bulkCell,
      bulkRepeat: bulkRepeat, constants: constants, layers: layers, bulk: bulk)
  }
}
