import System
import Testing

import Service

@Suite struct RegisterTests {
  @Test func aTableOutlivesItsConnection() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.sqlite"
    let first = try Database(path: path, schema: ["CREATE TABLE t (a INTEGER, b TEXT, c REAL)"])
    try first.run("INSERT INTO t VALUES (?,?,?)", .integer(.min), .text("x'); DROP TABLE t; --"), .real(0.1))
    try first.run("INSERT INTO t VALUES (?,?,?)", .null, .text(""), .null)
    let second = try Database(
      path: path, schema: ["CREATE TABLE t (a INTEGER, b TEXT, c REAL)", "ALTER TABLE t ADD d TEXT"])
    let rows = try second.rows("SELECT * FROM t ORDER BY rowid")
    #expect(rows.count == 2)
    #expect(
      rows[0]["a"]?.int == .min && rows[0]["b"]?.string == "x'); DROP TABLE t; --"
        && rows[0]["c"]?.double == 0.1)
    #expect(rows[1]["a"] == .null && rows[1]["b"]?.string == "" && rows[1]["d"] == .null)
    #expect(throws: Database.Failure.self) { try Database(path: path, schema: ["CREATE TABLE t (a)"]) }
  }

  @Test func whatIsNoDatabaseIsRefused() throws {
    let scratch = try Scratch()
    try NewFile.write([UInt8](repeating: 7, count: 5000), to: "\(scratch.path)/a")
    #expect(throws: Database.Failure.self) { try Register(path: "\(scratch.path)/a") }
  }

  @Test func oneContentIsKeptOnceAndTheOldestGoes() throws {
    let scratch = try Scratch()
    let store = try InputStore(folder: "\(scratch.path)/in", limit: 2500)
    func put(_ byte: UInt8, _ name: String) throws -> String {
      let path = "\(scratch.path)/draft"
      try NewFile.write([UInt8](repeating: byte, count: 1000), to: path)
      return try store.keep(path, digest: "digest\(byte)", name: name)
    }
    let first = try put(1, "a.TIF")
    #expect(first.hasSuffix("/digest1.tif"))
    #expect(try put(1, "b.tif") == first)
    _ = try put(2, "c.tif")
    _ = try put(3, "d.tif")
    let kept = FolderNames("\(scratch.path)/in").filter { !$0.hasPrefix(".") }
    #expect(kept.count == 2)
    #expect(store.find(digest: "digest3", name: "d.tif") != nil)
  }

  @Test(arguments: [
    ("a.tif", ".tif"), ("a", ""), ("../x/.ssh", ".ssh"), ("a.t/../x", ""), ("a.\0", ""),
    ("cif_pets.cif_pets", ".cif_pets"),
  ])
  func ofANameOnlyAPlainEndingCounts(_ name: String, _ ending: String) {
    #expect(InputStore.ending(of: name) == ending)
  }
}
