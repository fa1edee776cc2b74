/// What of the pictures lies on the terminal in true pixels, and what has to be sent so that it is what it should be.
///
/// The cells that stand for a picture are drawn first, so that there is something to see at once and wherever pixels do
/// not come through; pixels are put over them, in pieces, when the cells are out. Where a cell carries text the picture
/// has a hole: pieces are rectangles without text, which every protocol can show, whatever it knows of layers or
/// transparency. Below pixels nothing is drawn any more, until they go.
package struct PixelLayer {
  /// What has to be known before the cells of a canvas are drawn.
  package struct Plan {
    /// For every cell of the screen whether pixels cover it: it is not to be drawn. Empty where none does.
    package var covered: [Bool] = []
    /// Cells that pixels covered: what ncurses believes of them is not so.
    package var damaged: [(x: Int, y: Int)] = []
    /// To be sent before the cells.
    package var first = ""
  }

  package let method: PixelProtocol
  /// Pixels of a cell.
  package let cell: Size
  private let isInTmux: Bool
  /// Numbers of pictures are shared by all programs of a window.
  private let family: UInt32
  private var slots: [Slot] = []
  private var counter: UInt32 = 0
  private var transmission: (id: UInt32, serial: Int, pieces: ArraySlice<String>)?
  private var serial = 0

  /// A picture on the terminal, by the rectangle that it covers.
  private struct Slot {
    let rect: Rect
    var content: PixelContent
    /// Which content it is: another one has another number.
    var serial = 0
    /// The cells that are to show it.
    var cover: [Bool]
    /// What they show: nothing of it, what it was before, what it is.
    var state: [State]
    var picture: IndexedPicture?
    /// Kitty: the number under which the terminal has the content as it is, and that under which it had the one before.
    var id: UInt32?
    var oldID: UInt32?
    var isTransmitted = false
    /// Kitty: the parts that are shown, in cells of the rectangle, by their number.
    var parts: [Int: Rect] = [:]
  }

  private enum State: UInt8 { case none, old, new }

  /// No picture is larger; one that would be is scaled by the terminal, or stays cells.
  private static let mostPixels = 4 << 20
  /// What a strip of a picture may take that cannot be interrupted.
  private static let stripPixels = 1 << 13

  package init(_ method: PixelProtocol, cell: Size, isInTmux: Bool = false, seed: UInt32 = 0) {
    self.method = method
    self.cell = Size(width: min(max(1, cell.width), 200), height: min(max(1, cell.height), 400))
    self.isInTmux = isInTmux
    family = (seed % 250 + 1) << 24
  }

  private var usesPlaceholders: Bool { method == .kitty && isInTmux }
  /// Whether pixels lie over the cells, or in their place.
  private var isAbove: Bool { method == .kitty && !isInTmux }

  /// Takes up what the canvas wants. Cells are drawn after this, then `next` is sent until there is nothing left.
  /// Where it is off, pictures are cells.
  package mutating func plan(_ canvas: Canvas, isOff: Bool = false) -> Plan {
    var plan = Plan()
    var old = slots
    slots = []
    for (number, placement) in canvas.placements.enumerated()
    where placement.asPixels && !isOff {
      guard let cover = cover(of: number, placement, on: canvas) else { continue }
      if let index = old.firstIndex(where: { $0.rect == placement.rect }) {
        let before = old.remove(at: index)
        var slot = renewed(before, placement.content, cover, &plan)
        if !slot.isTransmitted, before.content != slot.content {
          serial += 1
          slot.serial = serial
        }
        slots.append(slot)
      } else {
        slots.append(
          Slot(
            rect: placement.rect, content: placement.content, cover: cover,
            state: Array(repeating: .none, count: cover.count)))
      }
    }
    for slot in old { remove(slot, &plan) }
    // Between the pieces of a transmission nothing else may be said of pictures; and a picture that is no longer wanted
    // need not come to its end.
    if let transmission,
      !plan.first.isEmpty
        || !slots.contains(where: { $0.id == transmission.id && $0.serial == transmission.serial })
    {
      plan.first = wrapped(KittyGraphics.abandonment) + plan.first
      self.transmission = nil
    }
    if slots.contains(where: { $0.state.contains { $0 != .none } }) {
      plan.covered = Array(repeating: false, count: canvas.width * canvas.height)
      for slot in slots {
        for (place, state) in slot.state.enumerated() where state != .none {
          plan.covered[cellIndex(slot, place, canvas.width)] = true
        }
      }
    }
    return plan
  }

  /// The next bytes, which must not be cut; nil when the terminal has everything.
  package mutating func next() -> String? {
    if let (id, serial, pieces) = transmission {
      transmission = pieces.count > 1 ? (id, serial, pieces.dropFirst()) : nil
      if pieces.count <= 1, let index = slots.firstIndex(where: { $0.id == id }) {
        slots[index].isTransmitted = true
      }
      if let piece = pieces.first { return wrapped(piece) }
    }
    // What only has to be placed anew goes before what has to be sent whole.
    for index in slots.indices where method == .kitty && slots[index].isTransmitted {
      if let text = nextOfKitty(index) { return text }
    }
    for index in slots.indices {
      if let text = method == .kitty ? nextOfKitty(index) : nextStrip(index) { return text }
    }
    return nil
  }

  /// The screen is empty, or nobody knows what is on it. What has to be sent where the terminal keeps pictures.
  package mutating func forget() -> String {
    slots = []
    let isCut = transmission != nil
    transmission = nil
    guard method == .kitty, counter > 0 else { return "" }
    return (isCut ? wrapped(KittyGraphics.abandonment) : "") + wrapped(KittyGraphics.removeAll)
  }

  // MARK: What is wanted

  /// Nil where the picture stays cells.
  private func cover(of number: Int, _ placement: Placement, on canvas: Canvas) -> [Bool]? {
    let rect = placement.rect
    let pixels = rect.width * cell.width * rect.height * cell.height
    guard method != .sixel || pixels <= Self.mostPixels,
      !usesPlaceholders || max(rect.width, rect.height) <= KittyPlaceholders.limit
    else { return nil }
    var cover = canvas.cover(of: number)
    // A picture in the last row would scroll the screen on some terminals.
    for y in rect.y..<rect.bottom where y >= canvas.height - 1 {
      for x in 0..<rect.width { cover[(y - rect.y) * rect.width + x] = false }
    }
    return cover.contains(true) ? cover : nil
  }

  private func renewed(_ slot: Slot, _ content: PixelContent, _ cover: [Bool], _ plan: inout Plan) -> Slot {
    var slot = slot
    if slot.content != content {
      slot.content = content
      slot.picture = nil
      if isAbove {
        // What is shown stays until the new picture is there.
        if slot.isTransmitted, slot.oldID == nil {
          slot.oldID = slot.id
        } else if let id = slot.id {
          plan.first += wrapped(KittyGraphics.remove(id))
        }
        slot.id = nil
      }
      slot.isTransmitted = false
      for place in slot.state.indices where slot.state[place] == .new { slot.state[place] = .old }
    }
    slot.cover = cover
    if isAbove {
      // A part that lies over text goes at once.
      for (number, rect) in slot.parts where !Self.cells(of: rect, slot.rect.width).allSatisfy({ cover[$0] })
      {
        if let id = slot.oldID ?? slot.id { plan.first += wrapped(KittyGraphics.remove(id, number: number)) }
        slot.parts[number] = nil
        for place in Self.cells(of: rect, slot.rect.width) { slot.state[place] = .none }
      }
    } else {
      for place in cover.indices where !cover[place] && slot.state[place] != .none {
        slot.state[place] = .none
        plan.damaged.append(corner(slot, place))
      }
    }
    return slot
  }

  private func remove(_ slot: Slot, _ plan: inout Plan) {
    if !isAbove {
      for place in slot.state.indices where slot.state[place] != .none {
        plan.damaged.append(corner(slot, place))
      }
    }
    for id in [slot.id, slot.oldID].compactMap({ $0 }) { plan.first += wrapped(KittyGraphics.remove(id)) }
  }

  private static func cells(of rect: Rect, _ width: Int) -> [Int] {
    (rect.y..<rect.bottom).flatMap { y in (rect.x..<rect.right).map { y * width + $0 } }
  }

  // MARK: What is sent

  private mutating func nextOfKitty(_ index: Int) -> String? {
    if slots[index].id == nil { slots[index].id = newID() }
    guard let id = slots[index].id else { return nil }
    let scale = Self.scale(slots[index].rect, cell)
    if !slots[index].isTransmitted {
      guard let picture = picture(index, scale) else { return nil }
      transmission = (
        id, slots[index].serial, KittyGraphics.transmission(id, png: PNGFile.bytes(picture))[...]
      )
      return next()
    }
    slots[index].picture = nil
    return usesPlaceholders ? placeholders(index, id) : parts(index, id, scale)
  }

  /// The parts of a picture that are not hidden below text; those of before go after them.
  private mutating func parts(_ index: Int, _ id: UInt32, _ scale: Int) -> String? {
    let slot = slots[index]
    guard zip(slot.cover, slot.state).contains(where: { $0 != ($1 == .new) }) || slot.oldID != nil else {
      return nil
    }
    let wanted = Self.rectangles(slot.cover, width: slot.rect.width)
    let unit = Size(width: max(1, cell.width / scale), height: max(1, cell.height / scale))
    let kept = slot.oldID == nil ? slot.parts.filter { wanted.contains($0.value) } : [:]
    // A number that is free on the terminal, too: those of the picture before do not count.
    let taken = slot.oldID == nil ? Set(slot.parts.keys) : []
    var shown = kept
    var text = ""
    for rect in wanted where !kept.values.contains(rect) {
      let number = (1...).first { shown[$0] == nil && !taken.contains($0) } ?? 1
      shown[number] = rect
      let source = Rect(
        x: rect.x * unit.width, y: rect.y * unit.height, width: rect.width * unit.width,
        height: rect.height * unit.height)
      text += Self.cursor(slot.rect.x + rect.x, slot.rect.y + rect.y)
      text += KittyGraphics.put(id, as: number, part: source, cells: rect.size)
    }
    if let old = slot.oldID {
      text += KittyGraphics.remove(old)
    } else {
      for number in slot.parts.keys.sorted() where kept[number] == nil {
        text += KittyGraphics.remove(id, number: number)
      }
    }
    slots[index].oldID = nil
    slots[index].parts = shown
    for place in slot.cover.indices { slots[index].state[place] = slot.cover[place] ? .new : .none }
    return Self.kept(text)
  }

  /// The characters that stand for it, where they do not stand yet.
  private mutating func placeholders(_ index: Int, _ id: UInt32) -> String? {
    let slot = slots[index]
    guard zip(slot.cover, slot.state).contains(where: { $0 && $1 != .new }) else { return nil }
    var text = ""
    if slot.state.allSatisfy({ $0 != .new }) {
      text += wrapped(KittyGraphics.putVirtually(id, cells: slot.rect.size))
    }
    var cells = ""
    let missing = zip(slot.cover, slot.state).map { $0 && $1 == .none }
    for rect in Self.rectangles(missing, width: slot.rect.width) {
      for row in rect.y..<rect.bottom {
        cells += Self.cursor(slot.rect.x + rect.x, slot.rect.y + row)
        cells += KittyPlaceholders.row(id, row: row, columns: rect.x..<rect.right)
      }
    }
    for place in slot.cover.indices where slot.cover[place] { slots[index].state[place] = .new }
    return text + (cells.isEmpty ? "" : Self.kept(cells))
  }

  /// A strip of a Sixel or an inline image.
  private mutating func nextStrip(_ index: Int) -> String? {
    let slot = slots[index]
    let missing = zip(slot.cover, slot.state).map { $0 && $1 != .new }
    guard let whole = Self.rectangles(missing, width: slot.rect.width).first else { return nil }
    let scale = method == .sixel ? 1 : Self.scale(slot.rect, cell)
    guard let picture = picture(index, scale) else { return nil }
    let unit = Size(width: max(1, cell.width / scale), height: max(1, cell.height / scale))
    // xterm shows no more than a thousand pixels.
    let columns = min(whole.width, max(1, 1000 / unit.width))
    let rows = min(whole.height, max(1, Self.stripPixels / (columns * unit.width * unit.height)))
    let rect = Rect(x: whole.x, y: whole.y, width: columns, height: rows)
    let part = picture.part(
      x: rect.x * unit.width, y: rect.y * unit.height, width: rect.width * unit.width,
      height: rect.height * unit.height)
    for y in rect.y..<rect.bottom {
      for x in rect.x..<rect.right { slots[index].state[y * slot.rect.width + x] = .new }
    }
    if !zip(slots[index].cover, slots[index].state).contains(where: { $0 && $1 != .new }) {
      slots[index].picture = nil
    }
    let bytes =
      method == .sixel
      ? SixelGraphics.picture(part) : InlineImage.picture(png: PNGFile.bytes(part), cells: rect.size)
    return Self.kept(
      Self.cursor(slot.rect.x + rect.x, slot.rect.y + rect.y) + String(decoding: bytes, as: UTF8.self))
  }

  /// The picture of a slot, made once.
  private mutating func picture(_ index: Int, _ scale: Int) -> IndexedPicture? {
    if let picture = slots[index].picture { return picture }
    let rect = slots[index].rect
    let picture = slots[index].content.drawn(
      width: rect.width * max(1, cell.width / scale), height: rect.height * max(1, cell.height / scale))
    slots[index].picture = picture
    // What cannot be drawn stays cells.
    if picture == nil { slots[index].cover = Array(repeating: false, count: slots[index].cover.count) }
    return picture
  }

  private mutating func newID() -> UInt32 {
    counter += 1
    guard usesPlaceholders else { return family | (counter & 0xFF_FFFF) }
    // The colour of the placeholders: the first sixteen are the user's own.
    let used = Set(slots.compactMap(\.id))
    return (16...255).map { family | $0 }.first { !used.contains($0) } ?? family | 16
  }

  private func wrapped(_ command: String) -> String {
    isInTmux && method == .kitty ? ControlSequence.passedThrough(command) : command
  }

  /// By how much the terminal has to enlarge a picture.
  private static func scale(_ rect: Rect, _ cell: Size) -> Int {
    let pixels = rect.width * cell.width * rect.height * cell.height
    return (1...).first { pixels / ($0 * $0) <= mostPixels } ?? 1
  }

  private static func cursor(_ x: Int, _ y: Int) -> String { "\u{1B}[\(y + 1);\(x + 1)H" }

  /// The cursor and its colours are where they were.
  private static func kept(_ text: String) -> String { "\u{1B}7\(text)\u{1B}8" }

  private func corner(_ slot: Slot, _ place: Int) -> (x: Int, y: Int) {
    (slot.rect.x + place % slot.rect.width, slot.rect.y + place / slot.rect.width)
  }

  private func cellIndex(_ slot: Slot, _ place: Int, _ width: Int) -> Int {
    let (x, y) = corner(slot, place)
    return y * width + x
  }

  /// Cells as few rectangles, from the top.
  static func rectangles(_ cells: [Bool], width: Int) -> [Rect] {
    guard width > 0 else { return [] }
    var left = cells
    let height = cells.count / width
    var result: [Rect] = []
    for y in 0..<height {
      var x = 0
      while x < width {
        guard left[y * width + x] else {
          x += 1
          continue
        }
        var end = x
        while end < width, left[y * width + end] { end += 1 }
        var bottom = y + 1
        // As far down as the run is whole, and no wider: a wider one is a rectangle of its own.
        while bottom < height, (x..<end).allSatisfy({ left[bottom * width + $0] }),
          x == 0 || !left[bottom * width + x - 1], end == width || !left[bottom * width + end]
        { bottom += 1 }
        for row in y..<bottom { for column in x..<end { left[row * width + column] = false } }
        result.append(Rect(x: x, y: y, width: end - x, height: bottom - y))
        x = end
      }
    }
    return result
  }
}
