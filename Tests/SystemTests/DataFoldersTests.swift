import Foundation
import System
import Testing

@Suite struct DataFoldersTests {
  /// A folder of one test with files in it, gone with it.
  private final class Tree {
    let path: String
    init(_ files: String...) throws {
      path = try #require(FilePath.resolved(try Folder.makeTemporary("ewald-data")))
      for file in files {
        let place = "\(path)/\(file)"
        try Folder.makeWithParents(String(place[..<(place.lastIndex(of: "/") ?? place.endIndex)]))
        try NewFile.write([], to: place)
      }
    }
    deinit { Folder.removeTree(path) }

    func folders(_ program: String, _ variables: [String: String] = [:]) -> DataFolders {
      DataFolders(program: "\(path)/\(program)") { variables[$0] }
    }
  }

  @Test func `Beside the program, wherever it was unpacked and whatever link leads to it`() throws {
    let tree = try Tree(
      "opt/ewald-1/bin/ewald", "opt/ewald-1/share/ewald/models/m/manifest.json", "home/bin/x")
    let models = "\(tree.path)/opt/ewald-1/share/ewald/models"
    #expect(tree.folders("opt/ewald-1/bin/ewald").found("models").first == models)
    symlink("\(tree.path)/opt/ewald-1/bin/ewald", "\(tree.path)/home/bin/ewald")
    #expect(tree.folders("home/bin/ewald").found("models").first == models)
    #expect(tree.folders("opt/ewald-1/bin/ewald").checkouts.isEmpty)
  }

  @Test func `The order is: said, the user's, the program's, the machine's, a checkout`() throws {
    let tree = try Tree("work/.build/release/ewald", "work/Samples/models/m/manifest.json")
    let found = tree.folders(
      "work/.build/release/ewald",
      [
        "EWALD_DATA": "/e:/f", "XDG_DATA_HOME": "/h", "XDG_DATA_DIRS": "/s:/t:/h", "HOME": "/home/a",
      ])
    let beside = "\(tree.path)/work/.build/share/ewald"
    #expect(found.folders == ["/e", "/f", "/h/ewald", beside, "/s/ewald", "/t/ewald"])
    #expect(found.places("models").last == "\(tree.path)/work/Samples/models")
    #expect(found.places("samples").last == "\(tree.path)/work/Samples")
    #expect(found.found("models") == ["\(tree.path)/work/Samples/models"])
  }

  @Test func `Without variables there are the user's folder and the machine's two`() throws {
    let tree = try Tree("bin/ewald")
    let found = tree.folders("bin/ewald", ["HOME": "/home/a"])
    #expect(
      found.folders
        == [
          "/home/a/.local/share/ewald", "\(tree.path)/share/ewald", "/usr/local/share/ewald",
          "/usr/share/ewald",
        ])
  }

  @Test func `Paths that are not absolute do not count`() throws {
    let tree = try Tree("bin/ewald")
    let found = tree.folders(
      "bin/ewald",
      ["EWALD_DATA": "here:./there:", "XDG_DATA_HOME": "x", "XDG_DATA_DIRS": "y", "HOME": "z"])
    #expect(found.folders == ["\(tree.path)/share/ewald", "/usr/local/share/ewald", "/usr/share/ewald"])
  }

  @Test func `A program that cannot be found has what the machine has`() {
    let found = DataFolders(program: "/no/such/program") { _ in nil }
    #expect(found.folders == ["/usr/local/share/ewald", "/usr/share/ewald"] && found.checkouts.isEmpty)
  }
}
