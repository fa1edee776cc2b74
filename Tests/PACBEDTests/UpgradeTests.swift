import Foundation
import Learning
import PACBED
import Testing

/// Models that earlier versions wrote.
@Suite struct UpgradeTests {
  private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Reference/first-model").path

  @Test func `The first model's manifest says today what it said then`() throws {
    let model = try PACBEDModel(ModelFolder(path: folder))
    #expect(model.id == "rutile-80kv" && model.sha256.hasPrefix("3456fa4d"))
    #expect(model.domain.kilovolts == 80 && model.domain.zone == [0, 0, 1])
    #expect(model.domain.convergence == 15...25 && model.domain.thickness == 0...100)
    #expect(model.domain.mistilt == 0...10)
    // It knew nothing of intervals: those of today hold.
    #expect(model.temperatures != .none && model.interval.least == PACBEDModel.Interval().least)
  }

  @Test func `A model whose network is gone says which file is missing`() throws {
    let model = try ModelFolder(path: folder)
    let error = #expect(throws: NetworkError.self) { try model.verify() }
    #expect(error.map { "\($0)" }?.contains("network.ewald") == true)
  }
}
