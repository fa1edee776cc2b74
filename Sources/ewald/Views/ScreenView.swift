import Diffraction
import LiveSession
import TerminalUI

/// A way to look at the session: what it is called, what can be done in it, how it is drawn, and what it remembers.
///
/// A new view is a file beside this one and a line in the list. It asks for kinds of exhibits and knows no engine.
package protocol ScreenView: Sendable {
  /// For key bindings: `live`.
  var word: String { get }
  /// For the tabs.
  var title: String { get }
  /// What its key does, for help and manual.
  var purpose: String { get }
  /// The key that goes there; nil where it is the view's place in the list.
  var key: Key? { get }
  /// What has a meaning here alone. Its keys go before those of everywhere.
  var commands: [Command] { get }
  /// Whether it shows what an engine drew.
  func wantsExhibits(_ size: Size) -> Bool
  /// Why it has nothing to show of the frame under the cursor; nil where it has.
  func reason(_ model: Model) -> String?
  /// Rows of the frame list, as far as it has one: a page.
  func listHeight(_ model: Model) -> Int
  /// The kind of the picture in its main place, and that picture: what the keys for colours and contrast change.
  func mainKind(_ model: Model) -> PictureKind
  func mainPictures(_ model: Model) -> [Pixels]
  /// Keys that it takes before any command; nil leaves the key to the commands.
  func take(_ key: Key, _ model: inout Model) -> [Effect]?
  /// Leaves something of its own; false where there is nothing to leave but the view.
  func leave(_ model: inout Model) -> Bool
  func draw(_ model: Model, _ sheet: inout Sheet)
}

/// The views, in the order of their keys.
package let allViews: [any ScreenView] = [
  LiveView(), FrameView(), MapView(), LatentView(), SegmentsView(), ScalesView(), PointsView(), CompareView(),
]

extension ScreenView {
  package var key: Key? { nil }
  package var commands: [Command] { [] }
  package func wantsExhibits(_ size: Size) -> Bool { true }
  package func reason(_ model: Model) -> String? { nil }
  package func listHeight(_ model: Model) -> Int { 10 }
  package func mainKind(_ model: Model) -> PictureKind {
    model.measuredOrLast?.image.kind ?? .pattern(.other)
  }
  package func mainPictures(_ model: Model) -> [Pixels] { [model.measured?.pixels].compactMap { $0 } }
  package func take(_ key: Key, _ model: inout Model) -> [Effect]? { nil }
  package func leave(_ model: inout Model) -> Bool { false }
}

/// Draws the model. Pure: the same model is the same screen, which is what the golden screens compare.
package func draw(_ model: Model) -> Canvas { composed(model).canvas }

/// The same, with what the mouse finds on it.
func composed(_ model: Model) -> Sheet {
  var sheet = Sheet(model)
  if Sheet.isTiny(model.size) {
    drawTiny(model, &sheet)
  } else {
    model.view.draw(model, &sheet)
    drawKeys(model, &sheet)
    sheet.finish()
  }
  drawStatus(model, &sheet)
  drawNoticeLink(model, &sheet.canvas)
  if let text = model.bannerText, model.size.height >= 6 {
    let style = sheet.theme.badge(sheet.theme.refused)
    sheet.canvas.fill(Rect(x: 0, y: 1, width: model.size.width, height: 1), Cell(" ", style))
    sheet.canvas.put(TextWidth.fitted(" \(text)", to: model.size.width), x: 0, y: 1, style)
  }
  switch model.overlay {
  case .menu(let menu): drawMenu(menu, model, &sheet)
  case .form(let form): drawForm(form, model, &sheet.canvas)
  case .prompt(let prompt): drawPrompt(prompt, model, &sheet.canvas)
  case .question, nil: break
  }
  if let failure = model.snapshot.live.logFailure { drawLogFailure(failure, model, &sheet.canvas) }
  if !model.capabilities.unicode { sheet.canvas.reduceToASCII() }
  return sheet
}

/// What the last line speaks of can be opened.
private func drawNoticeLink(_ model: Model, _ canvas: inout Canvas) {
  guard let file = model.notice?.file, model.overlay == nil else { return }
  let y = canvas.height - 1
  let row = Array((0..<canvas.width).map { canvas[$0, y].scalar })
  let wanted = Array(file.unicodeScalars)
  guard !wanted.isEmpty, row.count >= wanted.count,
    let x = (0...row.count - wanted.count).first(where: { row[$0..<$0 + wanted.count].elementsEqual(wanted) })
  else { return }
  canvas.link(ControlSequence.fileAddress(file, host: model.host), x: x, y: y, width: wanted.count)
}

/// The list, and a line for keys or messages where there is one: what is left of every view on a tiny screen.
private func drawTiny(_ model: Model, _ sheet: inout Sheet) {
  var rest = Rect(x: 0, y: 1, width: model.size.width, height: model.size.height - 1)
  var line = Rect(x: 0, y: 0, width: 0, height: 0)
  if model.size.height >= 4 { (line, rest) = rest.splitBottom(1) }
  if model.view is LiveView {
    drawFrameList(model, rest, &sheet, isFocused: false)
  } else if let pictured = model.measuredOrLast {
    let look = model.look(for: pictured.image.kind)
    sheet.draw(
      pictured.image.pixels, in: rest, look, look.limits(of: [pictured.image.pixels]), model)
  } else {
    sheet.canvas.put(TextWidth.fitted(model.shown?.problem ?? "reading", to: rest.width), x: 0, y: rest.y)
  }
  guard !line.isEmpty else { return }
  let text: (String, Style) =
    if case .question(let question)? = model.overlay {
      (question.text, sheet.theme.doubtful)
    } else if let notice = model.notice {
      (notice.text, notice.isError ? sheet.theme.refused : sheet.theme.accept)
    } else {
      (": commands  ? help", sheet.theme.dim)
    }
  sheet.canvas.put(TextWidth.fitted(text.0, to: line.width), x: 0, y: line.y, text.1)
}

/// Where the terminal's cursor stands, for those who type; nil hides it.
package func cursor(_ model: Model) -> (x: Int, y: Int)? {
  guard case .prompt(let prompt) = model.overlay, model.size.height > 1 else { return nil }
  var scratch = Canvas(model.size)
  return prompt.field.draw(in: &scratch, promptRect(model), prompt: prompt.purpose.label)
}
