import Diffraction
import LiveSession
import TerminalUI

import ewald

/// What the screen knows at the end of a session on an engine's acquisition.
struct EngineScene: Sendable {
  var engine: any AnalysisEngine
  var snapshot: Snapshot
  var detail: FrameDetail

  /// The session is held once, whoever asks.
  static func of(_ contracted: ContractedEngine) async throws -> EngineScene {
    try await Stage.shared.scene(contracted)
  }

  fileprivate init(_ contracted: ContractedEngine) async throws {
    let acquisition = try Acquisition(contracted)
    let live = try ContractSession(acquisition)
    try await live.acquire()
    snapshot = Snapshot(state: await live.session.snapshot.state, live: LiveStatus())
    detail = await live.session.details(acquisition.names.count)[acquisition.names.count - 1]
    engine = contracted.engine
    await live.close()
  }

  func model(_ view: Int, _ width: Int, _ height: Int) -> Model {
    var model = Model(
      size: Size(width: width, height: height), capabilities: SampleSession.capabilities(), title: "day",
      engines: [engine])
    _ = model.update(.clock(unixMilliseconds: SampleSession.start + 1000))
    _ = model.update(.snapshot(snapshot))
    model.type("\(view + 1)")
    _ = model.update(.detail(detail))
    return model
  }
}

private actor Stage {
  static let shared = Stage()
  private var scenes: [String: Task<EngineScene, any Error>] = [:]

  func scene(_ contracted: ContractedEngine) async throws -> EngineScene {
    let name = contracted.engine.name
    let task = scenes[name] ?? Task.detached { try await EngineScene(contracted) }
    scenes[name] = task
    return try await task.value
  }
}
