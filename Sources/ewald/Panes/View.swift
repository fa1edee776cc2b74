import LiveSession
import TerminalUI

/// Draws the model. Pure: the same model is the same screen, which is what the golden screens compare.
package func view(_ model: Model) -> Canvas {
  var canvas = Canvas(model.size)
  let layout = Layout(model)
  drawStatus(model, layout.status, &canvas)
  if let rect = layout.banner, let text = model.bannerText {
    canvas.fill(rect, Cell(" ", Theme.banner))
    canvas.put(text, x: rect.x, y: rect.y, Theme.banner)
  }
  if let rect = layout.list { drawFrameList(model, rect, &canvas) }
  if let rect = layout.picture {
    if model.view == .frame || model.view == .latent {
      drawPictureStrip(model, rect, &canvas)
    } else {
      drawPicture(model, rect, &canvas)
    }
  }
  if let rect = layout.map { drawMap(model, rect, &canvas) }
  if let rect = layout.latent { drawLatent(model, rect, &canvas) }
  if let rect = layout.neighbours { drawNeighbours(model, rect, &canvas) }
  if let rect = layout.values { drawValues(model, rect, &canvas) }
  for (index, rect) in layout.histograms.enumerated() {
    guard let histogram = model.shown?.result?.histograms[index] else { continue }
    drawHistogram(histogram, rect, divider: index + 1 < layout.histograms.count, &canvas)
  }
  if let rect = layout.profile { drawProfile(model, rect, &canvas) }
  if let rect = layout.trend { drawTrend(model, rect, &canvas) }
  if let rect = layout.events { drawEvents(model, rect, &canvas) }
  if let rect = layout.hints { drawHints(model, rect, &canvas) }
  switch model.overlay {
  case .menu(let menu): drawMenu(menu, model, &canvas)
  case .form(let form): drawForm(form, model, &canvas)
  case .prompt, .question, nil: break
  }
  if let failure = model.snapshot.live.logFailure { drawLogFailure(failure, model, &canvas) }
  return canvas
}

/// Where the terminal's cursor stands, for those who type; nil hides it.
package func cursor(_ model: Model) -> (x: Int, y: Int)? {
  guard case .prompt(let prompt) = model.overlay, let rect = Layout(model).hints else { return nil }
  var scratch = Canvas(model.size)
  return prompt.field.draw(in: &scratch, rect, prompt: prompt.purpose.label)
}

/// Few styles, by meaning. A word or a glyph always says the same as the colour.
enum Theme {
  static let title = Style.dim
  static let status = Style.reverse
  static let cursor = Style.reverse
  static let good = Style(.green)
  static let warning = Style(.yellow)
  static let bad = Style(.red, on: .default, .bold)
  static let banner = Style(.white, on: .red, .bold)
  static let hint = Style.dim

  static func style(_ severity: Alarm.Severity?) -> Style {
    switch severity {
    case .warning: warning
    case .alarm, .bad: bad
    case nil: .plain
    }
  }
}

extension Model {
  /// A trouble that stands until it is over.
  var bannerText: String? {
    switch snapshot.live.folder {
    case .missing: "THE FOLDER IS MISSING: looked for every 2 s; the session goes on"
    case .unreadable(let reason): "THE FOLDER CANNOT BE READ: \(reason)"
    case .notResponding(let seconds): "THE FOLDER HAS NOT RESPONDED FOR \(seconds) s; keys still work"
    case .looking, .watched, .polled, .none: nil
    }
  }
}
