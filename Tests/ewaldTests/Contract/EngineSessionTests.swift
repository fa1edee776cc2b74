import Diffraction
import Foundation
import LiveSession
import TerminalUI
import Testing

import ewald

/// From an engine's own sample to the session file and to the screen.
@Suite(.timeLimit(.minutes(20))) struct EngineSessionTests {
  @Test(arguments: ContractedEngine.all)
  func `Live, replayed and after a restart it is the same`(_ contracted: ContractedEngine) async throws {
    let acquisition = try Acquisition(contracted)
    let live = try ContractSession(acquisition)
    try await live.acquire()
    let shown = await live.session.details(acquisition.names.count)
    await live.close()

    let path = ContractSession.file(acquisition)
    var verification = ReplayVerification(try SessionFile(path: path), analyst: contracted.analyst)
    var different: [ReplayVerification.Entry] = []
    let totals = verification.run { if $0.outcome != .same { different.append($0) } }
    #expect(totals.isVerified && totals.results == shown.count, "\(different)")

    let replay = try Replay(path: path, analyst: contracted.analyst)
    let again = await replay.details(shown.count)
    let restarted = try ContractSession(acquisition)
    let later = await restarted.session.details(shown.count)
    await restarted.close()
    for (index, detail) in shown.enumerated() {
      #expect(detail.result != nil && detail.bytes == again[index].bytes, "replayed, \(index)")
      #expect(detail.bytes == later[index].bytes, "restarted, \(index)")
    }
  }

  @Test(arguments: ContractedEngine.all)
  func `Every exhibit can be seen`(_ contracted: ContractedEngine) async throws {
    let scene = try await EngineScene.of(contracted)
    let exhibits = scene.detail.drawn ?? []
    func screens(_ drawn: [Exhibit]) -> [Canvas] {
      var scene = scene
      scene.detail.drawn = drawn
      return allViews.indices.map { draw(scene.model($0, 200, 50)) }
    }
    // What others belong to first, then each of the others alone with it: some view shows it.
    let frames = exhibits.filter(\.holdsOthers)
    let (bare, framed) = (screens([]), screens(frames))
    #expect(frames.isEmpty || framed != bare)
    for exhibit in exhibits where !exhibit.holdsOthers {
      #expect(screens(frames + [exhibit.ofFirstPart]) != framed, "\(exhibit.title)")
    }
  }

  @Test(arguments: ContractedEngine.all)
  func `Every view can be drawn, small and large`(_ contracted: ContractedEngine) async throws {
    let scene = try await EngineScene.of(contracted)
    for (width, height) in [(20, 6), (200, 50)] {
      for view in allViews.indices {
        let canvas = draw(scene.model(view, width, height))
        #expect(canvas.width == width && canvas.height == height)
      }
    }
  }

  /// Not from a fixture: from the sample, by the engine.
  @Test(arguments: ContractedEngine.all)
  func `Its views look as they did`(_ contracted: ContractedEngine) async throws {
    let scene = try await EngineScene.of(contracted)
    for (index, view) in allViews.enumerated() where !(view is LiveView) && !(view is CompareView) {
      let model = scene.model(index, 120, 40)
      guard view.reason(model) == nil else { continue }
      try Golden.check("sample-\(contracted.engine.name)-\(view.word)-120x40", draw(model).text)
    }
  }
}

extension FrameDetail {
  fileprivate var bytes: [UInt8] {
    guard var finding = result?.finding else { return [] }
    finding.exhibits = drawn ?? []
    return finding.bytes
  }
}

extension Exhibit {
  /// A scan taken apart, a map of neighbours: others are shown beside it.
  fileprivate var holdsOthers: Bool {
    switch self {
    case .regions, .scatter: true
    case .table(let table): table.edits.contains(.leaveOut)
    case .image, .map, .curves, .histogram, .points: false
    }
  }

  /// As if it belonged to the first answer or region, which is the one that a screen shows first.
  fileprivate var ofFirstPart: Exhibit {
    guard part != nil else { return self }
    switch self {
    case .image(var image):
      image.part = 0
      return .image(image)
    case .map(var map):
      map.part = 0
      return .map(map)
    case .table(var table):
      table.part = 0
      return .table(table)
    case .points(var points):
      points.part = 0
      return .points(points)
    case .curves(var curves):
      curves.part = 0
      return .curves(curves)
    case .regions, .scatter, .histogram: return self
    }
  }
}
