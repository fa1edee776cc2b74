import JSON
import Testing

import Sweep

@Suite struct PlanTests {
  @Test func aPlanIsReadAsItIsWritten() throws {
    let plan = try plan(
      """
      task = train thing
      crystal = ["a.cif", "rutile"]
      zone = 0,0,1 1,1,0
      voltage_kv = [80, 300.5]
      transfer_steps = 500
      lease_s = 30
      slurm.time = "02:00:00"
      slurm.options = --nice=100 --exclusive
      """)
    #expect(plan.task == "train thing")
    #expect(plan.axes.map(\.name) == ["crystal", "zone", "voltage_kv"])
    #expect(plan.axes.map(\.values) == [["a.cif", "rutile"], ["0,0,1", "1,1,0"], ["80", "300.5"]])
    #expect(plan.transfer == .nearest && plan.transferSteps == "500" && plan.lease == 30)
    #expect(
      plan.slurm.words == ["--time=02:00:00", "--signal=B:TERM@120", "--nice=100", "--exclusive"])
  }

  @Test func theSameAsJSON() throws {
    let json = try JSONValue(
      #"{"task":"train thing","crystal":"rutile","voltage_kv":[80,300],"foreground":true,"slurm":{"cpus":2}}"#
        .utf8)
    let plan = try SweepPlan(try PlanEntry.list(json, file: "p.json"), file: "p.json", tasks: tasks)
    #expect(plan.axes.map(\.name) == ["crystal", "foreground", "voltage_kv"])
    #expect(plan.axes.last?.values == ["80", "300"] && plan.slurm.cpus == 2)
  }

  /// What, where, and what would be right, in one line.
  @Test(arguments: [
    ("crystal = a", "plan: task is missing; it is one of simulate thing, train thing"),
    ("task = train", "plan, line 1: task = train: is none of simulate thing, train thing; hint"),
    ("task = train thing", "plan: crystal is missing: every part of train thing needs it"),
    (
      "task = train thing\ncrystal = a\nvoltage = 80",
      "plan, line 3: voltage: is no setting of train thing; hint"
    ),
    (
      "task = train thing\ncrystal = a\ncrystal = b",
      "plan, line 3: crystal is set twice; first at plan, line 2"
    ),
    ("task = train thing\ncrystal = []", "plan, line 2: crystal: a value is missing"),
    ("task = train thing\ncrystal = a b a", "plan, line 2: crystal: a stands twice in the list"),
    (
      "task = train thing\ncrystal = [a, b]",
      "plan, line 2: crystal = [a, b]: neither a list such as [\"a\", \"b\"] nor a text in quotes"
    ),
    (
      "task = train thing\ncrystal = [[\"a\"]]",
      "plan, line 2: crystal: a text, a number, or a list of them is needed"
    ),
    (
      "task = train thing\ncrystal = a\noutput = x",
      "plan, line 3: output: is set by the sweep itself; leave it out"
    ),
    (
      "task = train thing\ncrystal = a\nforeground = yes", "plan, line 3: foreground: true or false is needed"
    ),
    (
      "task = train thing\ncrystal = a\ntransfer = best",
      "plan, line 3: transfer = best: is none of nearest, off"
    ),
    (
      "task = simulate thing\ntransfer = nearest",
      "plan, line 2: transfer: simulate thing learns nothing that another part could start from"
    ),
    (
      "task = train thing\ncrystal = a\ntransfer = off\ntransfer_steps = 5",
      "plan, line 4: transfer_steps: says nothing while transfer is off"
    ),
    (
      "task = train thing\ncrystal = a\ntransfer_steps = 0",
      "plan, line 3: transfer_steps = 0: a whole number from 1 to 10000000 is needed"
    ),
    (
      "task = train thing\ncrystal = a\nlease_s = 1e9",
      "plan, line 3: lease_s = 1e9: a whole number from 2 to 86400 is needed"
    ),
    (
      "task = train thing\ncrystal = a\nslurm.tme = 5",
      "plan, line 3: slurm.tme: is no setting of a sweep; hint"
    ),
    ("task = train thing\ncrystal = a\nslurm.time = 5 6", "plan, line 3: slurm.time: one word is needed"),
    (
      "task = train thing\ncrystal = a\nslurm.options = nice",
      "plan, line 3: slurm.options: nice: an option of sbatch such as --nice=100 is needed"
    ),
  ])
  func everyFaultIsOneLine(text: String, message: String) {
    let error = #expect(throws: SweepError.self) { try plan(text) { _, _ in "; hint" } }
    #expect(error?.description == message)
  }

  @Test func aPlanHasAnEnd() {
    let many = (0..<400).map(String.init).joined(separator: " ")
    let error = #expect(throws: SweepError.self) {
      try plan("task = simulate thing\nsamples = \(many)\nlease_s = 5")
        .checked(by: "task = train thing\ncrystal = \(many)\nzone = \(many)")
    }
    #expect(error?.description == "plan: the settings make more than 100000 parts; make several plans of it")
  }

  @Test func noJSONButAnObjectIsAPlan() {
    #expect(throws: SweepError("p: a JSON object with the plan's settings is needed")) {
      try PlanEntry.list(.list([]), file: "p")
    }
  }
}

extension SweepPlan {
  /// 400 parts are a plan; what `other` says is then read.
  fileprivate func checked(by other: String) throws {
    #expect(axes[0].values.count == 400)
    _ = try plan(other)
  }
}
