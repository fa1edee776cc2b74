import Testing

import Sweep

@Suite struct PartListTests {
  private func list(_ text: String, in scratch: Scratch) throws -> PartList {
    var files = PlanFiles(folder: scratch.path)
    let plan = try plan(text)
    return try PartList(plan, task: try #require(tasks.first { $0.name == plan.task }), files: &files)
  }

  @Test func everyCombinationIsAPart() throws {
    let scratch = try Scratch()
    try scratch.write("one", to: "one.cif")
    try scratch.write("two", to: "two.cif")
    let list = try list(
      "task = train thing\ncrystal = *.cif rutile\nzone = 0,0,1 1,1,0\nsteps = 9\nforeground = true",
      in: scratch)
    #expect(list.parts.count == 6)
    #expect(list.parts.map(\.number) == Array(1...6))
    #expect(
      list.parts.map(\.name) == [
        "one_zone-0,0,1", "one_zone-1,1,0", "two_zone-0,0,1", "two_zone-1,1,0", "rutile_zone-0,0,1",
        "rutile_zone-1,1,0",
      ])
    #expect(
      list.parts[1].words == [
        "train", "thing", "--crystal", "one.cif", "--zone", "1,1,0", "--steps", "9", "--foreground",
        "--timeless",
      ])
    #expect(list.parts[1].inputs.map(\.name) == ["one.cif"] && list.parts[5].inputs.isEmpty)
    #expect(
      list.parts[1].inputs[0].sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")
  }

  @Test func namesStayInTheirFolder() throws {
    let scratch = try Scratch()
    let list = try list(
      "task = train thing\ncrystal = rutile\nzone = [\"a/../b c\", \"a/../b_c\"]", in: scratch)
    #expect(list.parts.map(\.name) == ["rutile_zone-a-..-b-c", "rutile_zone-a-..-b-c_2"])
  }

  @Test func theListIsReadAsItWasWritten() throws {
    let scratch = try Scratch()
    try scratch.write("one", to: "one.cif")
    var list = try list(
      "task = train thing\ncrystal = one.cif rutile\ntransfer_steps = 4\nslurm.at_once = 3", in: scratch)
    list.parts[1].parent = 1
    list.parts[1].level = 1
    #expect(try PartList(Array(list.json.text.utf8), path: "p") == list)
    #expect(
      list.command(list.parts[1]).suffix(6) == ["--steps", "4", "--from", "./parent", "--output", "rutile"])
    #expect(list.command(list.parts[0]).suffix(3) == ["--timeless", "--output", "one"])
  }

  @Test(arguments: [
    "", "{}",
    #"{"version":1,"task":"t","lease_s":9,"parts":[{"number":2,"name":"a","words":["x"],"inputs":[]}]}"#,
    #"{"version":1,"task":"t","lease_s":9,"parts":[{"number":1,"name":"../a","words":["x"],"inputs":[]}]}"#,
    #"{"version":1,"task":"t","lease_s":9,"parts":[{"number":1,"name":"a","words":["x"],"inputs":[],"parent":7}]}"#,
    #"{"version":1,"task":"t","lease_s":0,"parts":[]}"#,
  ])
  func aDamagedListIsRefused(text: String) {
    #expect(throws: SweepError.self) { try PartList(Array(text.utf8), path: "p") }
  }

  @Test func filesThatCannotBeMeantAreRefused() throws {
    let scratch = try Scratch()
    try scratch.write("one", to: "one.cif")
    #expect(throws: SweepError("plan, line 2: crystal = no*.cif: no such file beside the plan")) {
      try list("task = train thing\ncrystal = no*.cif", in: scratch)
    }
    #expect(throws: SweepError("plan, line 2: crystal = *.cif: one.cif comes twice")) {
      try list("task = train thing\ncrystal = one.cif *.cif", in: scratch)
    }
  }

  @Test func aFolderBelongsToOnePlan() throws {
    let scratch = try Scratch()
    let first = try family(in: scratch)
    #expect(try family(in: scratch).list == first.list)
    #expect(
      throws: SweepError("\(scratch.path)/sweep: holds the sweep of another plan; give another --output")
    ) {
      try family(in: scratch, lease: 91)
    }
  }
}
