import Diffraction
import LiveSession
import TerminalUI

/// A scan taken apart into regions; of the chosen one its pattern, its dark field, its details. Changes by hand are new
/// runs with other settings, which only the engine knows.
package struct SegmentsView: ScreenView {
  package var chosen = 0
  /// The region that another one is to be joined to.
  package var joining: String?

  package init() {}

  package var word: String { "segments" }
  package var title: String { "Segments" }
  package var purpose: String { "segments view: the regions of a scan, such as its crystals" }

  package var commands: [Command] {
    probeCommands + [
      Command("next-region", [.char("n")], "the next region", .view, hint: "region") { $0.turnRegion(1) },
      Command("previous-region", [.char("N")], "the region before", .view) { $0.turnRegion(-1) },
      Command(
        "join", [.char("w")], "join this region and another, as a new run", .analyse, hint: "join",
        isRecorded: true
      ) {
        $0.joinRegion()
      },
      Command(
        "split", [.char("x")], "split this region in two, as a new run", .analyse, hint: "split",
        isRecorded: true
      ) {
        $0.editRegion { .split($0) }
      },
      Command("drop", [.char("D")], "leave this region out, as a new run", .analyse, isRecorded: true) {
        $0.editRegion { .drop($0) }
      },
      Command(
        "next-spot", [.char("v")], "the dark field of this region's next spot, as a new run", .analyse,
        hint: "spot",
        isRecorded: true
      ) { $0.editRegion { .detail($0, step: 1) } },
      Command(
        "previous-spot", [.char("V")], "the dark field of the spot before, as a new run", .analyse,
        isRecorded: true
      ) { $0.editRegion { .detail($0, step: -1) } },
      Command(
        "lower-threshold", [.char("<")], "a lower threshold, as a new run", .analyse, hint: "threshold",
        isRecorded: true
      ) { $0.edit(.threshold(step: -1)) },
      Command("raise-threshold", [.char(">")], "a higher threshold, as a new run", .analyse, isRecorded: true)
      {
        $0.edit(.threshold(step: 1))
      },
    ]
  }

  package func reason(_ model: Model) -> String? {
    guard let shown = model.shown else { return "reading" }
    if shown.regions != nil { return nil }
    if shown.drawn == nil, shown.result != nil { return "drawing" }
    return "no segments: this engine takes no scan apart"
  }

  package func mainKind(_ model: Model) -> PictureKind { .pattern(.spots) }

  package func leave(_ model: inout Model) -> Bool {
    guard joining != nil else { return false }
    _ = model.change(SegmentsView.self) { view, _ in view.joining = nil }
    return true
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let shown = model.shown, let regions = shown.regions else {
      return sheet.empty(sheet.area, Text("Segments"), reason(model) ?? "")
    }
    let number = min(chosen, max(0, regions.rows.count - 1))
    let size = model.size
    guard !model.isZoomed, size.width >= 60, size.height >= 12 else {
      return drawMap(regions, number, sheet.area, model, &sheet)
    }
    let area = sheet.area
    let share = size.width >= 160 ? area.width / 2 : area.width * 11 / 20
    var (left, right) = area.cutLeft(min(share, 2 * (area.height - 2)))
    if left.height >= 22, let scree = shown.curves.first {
      var below: Rect
      (below, left) = left.cutBottom(max(6, left.height / 4))
      drawCurves(scree, model, below, &sheet)
    }
    drawMap(regions, number, left, model, &sheet)
    let rows = min(max(3, regions.rows.count + 1), max(3, right.height / 4))
    let (table, rest) = right.cutTop(rows)
    right = rest
    let inside = sheet.pane(
      table, Text(regions.title == "Segments" ? "Crystals" : regions.title),
      facts: [Text("\(regions.rows.count)")])
    TableDrawing(
      columns: regions.columns, rows: regions.rows, chosen: number,
      swatch: { [theme = sheet.theme] in theme.label($0) }
    )
    .draw(in: inside, &sheet)
    drawChosen(shown, number, model, right, &sheet)
  }

  private func drawMap(
    _ regions: Exhibit.Regions, _ number: Int, _ rect: Rect, _ model: Model, _ sheet: inout Sheet
  ) {
    var facts: [Text] = []
    if let joining { facts.append(Text("joining \(joining)", sheet.theme.doubtful)) }
    if regions.rows.indices.contains(number) {
      facts.append(Text("chosen \(regions.rows[number].name)", sheet.theme.accent))
    }
    facts.append(Text("\(regions.labels.width) × \(regions.labels.height) points"))
    let inside = sheet.pane(rect, Text(regions.title), facts: facts, isFocused: true)
    drawRegions(regions, chosen: number, probe: model.image, model, in: inside, &sheet)
  }

  private func drawChosen(
    _ shown: FrameDetail, _ number: Int, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let isTall = rect.height >= 20
    let (top, below) = isTall ? rect.cutTop((rect.height - 3) / 2) : (rect, rect)
    let columns = top.cutColumns(top.width >= 44 ? 2 : 1)
    let pattern = shown.images.first { $0.part == number }
    let field = shown.maps.first { $0.part == number }
    // One picked spot goes first where there is room for one.
    let isPicked = shown.maps.count { $0.part == number } > 1
    for (index, part) in columns.enumerated() {
      let showsField = columns.count == 1 ? isPicked : index == 1
      if showsField {
        if let field {
          drawField(field, part, model, &sheet)
        } else {
          sheet.empty(part, Text("Dark field"), "none of this region")
        }
      } else if let pattern {
        sheet.picture(PictureDrawing(pattern, Text(pattern.title)), part, model)
      } else {
        sheet.empty(
          part, Text("Pattern"), shown.regions?.rows.isEmpty == true ? "nothing was found" : "drawing")
      }
    }
    guard isTall else { return }
    let lower = below.cutColumns(below.width >= 44 ? 2 : 1)
    if lower.count > 1, model.size.width >= 160, let spots = shown.tables.first(where: { $0.part == number })
    {
      let inside = sheet.pane(lower[0], Text(spots.title))
      TableDrawing(columns: spots.columns, rows: spots.rows, chosen: nil).draw(in: inside, &sheet)
    } else if lower.count > 1 {
      drawPoint(model, lower[0], &sheet)
    }
    drawResult(model, lower[lower.count - 1], &sheet, isFull: false)
  }

  private func drawField(_ field: Exhibit.ScanMap, _ rect: Rect, _ model: Model, _ sheet: inout Sheet) {
    let look = model.look(for: field.kind)
    let limits = look.limits(of: [field.pixels])
    let bar = look.map.bar(limits, width: 5, depth: model.capabilities.colours, sheet.theme.dim)
    let inside = sheet.pane(rect, Text(field.title), facts: [bar])
    sheet.draw(field.pixels, in: inside, look, limits, model)
  }
}

extension Model {
  private var regionsView: SegmentsView? { view as? SegmentsView }

  /// The name of the region that is chosen.
  private var chosenRegion: String? {
    guard let regions = shown?.regions, let number = regionsView?.chosen, !regions.rows.isEmpty else {
      return nil
    }
    return regions.rows[min(max(0, number), regions.rows.count - 1)].name
  }

  mutating func turnRegion(_ step: Int) -> [Effect] {
    let count = shown?.regions?.rows.count ?? 0
    guard count > 0 else { return [] }
    _ = change(SegmentsView.self) { view, _ in
      view.chosen = turned(view.chosen, by: step, of: count)
    }
    return []
  }

  /// The first time the region is remembered, the second time the other one is joined to it.
  mutating func joinRegion() -> [Effect] {
    guard let name = chosenRegion else { return [] }
    let first = regionsView?.joining
    guard let first, first != name else {
      let next = first == nil ? name : nil
      _ = change(SegmentsView.self) { view, _ in view.joining = next }
      notice = next.map { Notice(text: "\($0) and which? n N choose, w joins, Esc forgets", isError: false) }
      return []
    }
    _ = change(SegmentsView.self) { view, _ in view.joining = nil }
    return edit(.join(first, name))
  }

  mutating func editRegion(_ edit: (String) -> RegionEdit) -> [Effect] {
    chosenRegion.map { self.edit(edit($0)) } ?? []
  }

  mutating func edit(_ edit: RegionEdit) -> [Effect] {
    let regions = shown?.regions
    return analyseAgain { engine, settings in
      guard let regions, regions.edits.contains(edit.kind) else { return nil }
      return engine.settings(settings, after: edit, of: regions)
    }
  }
}
