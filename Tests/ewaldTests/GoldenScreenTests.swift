import Foundation
import LiveSession
import TerminalUI
import Testing

import ewald

/// Every view at four sizes, as text, compared with the files in `Golden`.
///
/// To look at them: EWALD_SCREENS=FOLDER swift test --filter screensAsTheyLook writes them as PNG.
private enum Scene: String, CaseIterable, Sendable {
  case live, frame, bad, zoom, help, palette, form, prompt, logFailure, folderMissing, replay, view, empty,
    crosshair, explained, otherAnswer, alone, map, latent, segments, atoms, compare

  func model(_ width: Int, _ height: Int) -> Model {
    var model = SampleSession.model(width: width, height: height)
    switch self {
    case .live: break
    case .frame: model.type("J", "K", "K", "Enter")
    case .bad: model.type(":", "2", "1", "1", "Enter")
    case .zoom: model.type("z")
    case .help: model.type("?")
    case .palette: model.type(":", "m", "a", "r", "k")
    case .form: model.type("r", "BS", "9", "0", "0", "0", "0", "Enter")
    case .prompt: model.type("/", "d", "r", "i", "f", "t", ">")
    case .logFailure:
      model.snapshot.live.logFailure = "cannot write /data/s014.session.jsonl: No space left on device"
      model.snapshot.live.linesWaiting = 12
    case .folderMissing: model.snapshot.live.folder = .missing
    case .replay: _ = model.update(.position(120, of: 437))
    case .view: model.snapshot.live.isLookedOn = true
    case .empty:
      model = Model(
        size: Size(width: width, height: height), capabilities: SampleSession.capabilities(), title: "new",
        engines: [])
      _ = model.update(.snapshot(Snapshot()))
    case .explained, .otherAnswer, .alone:
      model.type("Enter")
      _ = model.update(.detail(SampleSession.explained(215)))
      if self == .otherAnswer { model.type("]") }
      if self == .alone { model.type("d") }
    case .map:
      model.type("3")
      _ = model.update(.detail(SampleSession.scanned(215)))
    case .segments: model = SegmentsViewTests.model(width: width, height: height)
    case .latent:
      model.type("4")
      _ = model.update(.detail(SampleSession.placed(215)))
      model.type("x", "C")
    case .atoms:
      model.type("7")
      _ = model.update(.detail(SampleSession.crystallite(215)))
      model.type("n")
    case .compare:
      model.type("c")
      _ = model.update(.other(SampleSession.detail(of: 214)))
    case .crosshair: model.type("Enter", "x", "l", "l", "j")
    }
    return model
  }
}

private let sizes = [(80, 24), (120, 40), (200, 50), (30, 6)]

private struct GoldenCase: Sendable, CustomTestStringConvertible {
  var scene: Scene
  var width: Int
  var height: Int
  var testDescription: String { "\(scene.rawValue)-\(width)x\(height)" }
}

private let cases = Scene.allCases.flatMap { scene in
  sizes.map { GoldenCase(scene: scene, width: $0.0, height: $0.1) }
}

@Test(arguments: cases)
private func goldenScreen(golden: GoldenCase) throws {
  try Golden.check(golden.testDescription, draw(golden.scene.model(golden.width, golden.height)).text)
}

@Test func everySizeDownToOneCellDraws() {
  for scene in Scene.allCases {
    for width in [0, 1, 2, 5, 17, 39, 40, 59, 60, 79, 150] {
      for height in [0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 19, 20, 23] {
        let canvas = draw(scene.model(width, height))
        #expect(canvas.width == width && canvas.height == height)
      }
    }
  }
}

@Test func shrinkingToNothingAndBackGivesTheSameScreen() {
  var model = SampleSession.model()
  let before = draw(model)
  for size in [(1, 1), (200, 50), (3, 200), (80, 24)] {
    _ = model.update(.resize(Size(width: size.0, height: size.1)))
  }
  #expect(draw(model) == before)
}

/// Every view as a terminal would show it, in all depths of colour, as PNG.
@Test(.enabled(if: ProcessInfo.processInfo.environment["EWALD_SCREENS"] != nil))
func screensAsTheyLook() throws {
  let folder = try #require(ProcessInfo.processInfo.environment["EWALD_SCREENS"])
  var written = 0
  for scene in Scene.allCases {
    for (width, height) in sizes {
      for (name, depth) in [
        ("", ColourDepth.trueColour), ("256-", .palette256), ("16-", .ansi16), ("ascii-", .none),
      ] {
        var model = scene.model(width, height)
        model.capabilities = SampleSession.capabilities(unicode: depth != .none)
        model.capabilities.colours = depth
        model.theme = Theme(depth)
        model.pictureMode = model.capabilities.pictureMode
        let file = ScreenPicture.png(draw(model))
        #expect(file.count > 100)
        try Data(file).write(
          to: URL(filePath: "\(folder)/\(name)\(scene.rawValue)-\(width)x\(height).png"))
        written += 1
      }
    }
  }
  #expect(written == Scene.allCases.count * sizes.count * 4)
}
