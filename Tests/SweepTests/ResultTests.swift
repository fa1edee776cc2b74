import Glibc
import System
import Testing

import Sweep

@Suite struct ResultTests {
  @Test func aSoundResultIsKnown() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    #expect(try folder.soundResult(of: folder.list.parts[0]) == nil)
    try finish(folder.list.parts[0], of: folder)
    try finish(folder.list.parts[1], of: folder)
    let first = try #require(try folder.soundResult(of: folder.list.parts[0]))
    let second = try #require(try folder.soundResult(of: folder.list.parts[1]))
    #expect(second.parent?.sha256 == first.sha256 && second.parent?.name == "part-1")
    #expect(first.sha256 == SHA256.hex(first.bytes) && first.size == 7)
  }

  @Test(arguments: ["changed", "gone", "strange", "cut", "renamed"])
  func aDamagedResultIsNone(how: String) throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let part = folder.list.parts[0]
    try finish(part, of: folder)
    let place = folder.result(of: part)
    switch how {
    case "changed": try NewFile.write(Array("weightz".utf8), to: "\(place)/network", durability: .cached)
    case "gone": unlink("\(place)/network")
    case "strange": try NewFile.write([], to: "\(place)/other", durability: .cached)
    case "cut": truncate("\(place)/part.json", 40)
    default:
      rename(place, folder.result(of: folder.list.parts[1]))
      #expect(throws: SweepError.self) { try folder.soundResult(of: folder.list.parts[1]) }
      return
    }
    #expect(throws: SweepError.self) { try folder.soundResult(of: part) }
    let harvest = Harvest(folder)
    #expect(harvest.results.isEmpty && harvest.missing.count == 3)
    #expect(SweepStatus(folder, [], nil, verify: true).rows[0].state.kind == .damaged)
  }

  @Test func sweepsOfOnePlanHaveOneDigest() throws {
    var digests = Set<String>()
    for text in ["weights", "weights", "other weights"] {
      let scratch = try Scratch()
      let folder = try family(in: scratch)
      for part in folder.list.parts { try finish(part, of: folder, text: text) }
      let harvest = Harvest(folder)
      #expect(harvest.results.count == 3 && harvest.missing.isEmpty)
      try harvest.write(to: folder)
      digests.insert(harvest.sha256)
    }
    #expect(digests.count == 2)
  }

  /// What was being written when a process died begins with a dot, and is not of the result.
  @Test func leftoversAreNotCounted() throws {
    let scratch = try Scratch()
    try Folder.make("\(scratch.path)/inner")
    try scratch.write("a", to: "inner/a")
    try scratch.write("b", to: ".b.partial-1-1")
    #expect(PartResult.names(in: scratch.path) == ["inner/a"])
  }
}
