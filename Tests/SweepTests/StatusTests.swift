import System
import Testing

import Sweep

@Suite struct StatusTests {
  @Test func slurmIsUnderstood() {
    var tasks = SlurmTasks()
    tasks.add(squeue: ["7_0|RUNNING|None", "7_1|PENDING|Dependency", "7_2|TIMEOUT|TimeLimit", "", "x", "|"])
    tasks.add(
      sacct: [
        "7_0|FAILED", "7_3|CANCELLED by 0", "7_3.batch|COMPLETED", "7_[4-6,9%2]|PENDING", "7_5|NODE_FAIL",
        "8_[0-999999999]|PENDING", "8_[5-2]|PENDING", "8_[-]|PENDING",
      ])
    #expect(tasks["7_0"] == .running)
    #expect(tasks["7_1"] == .pending(reason: "Dependency"))
    #expect(tasks["7_2"] == .ended("TIMEOUT") && tasks["7_3"] == .ended("CANCELLED"))
    #expect(
      tasks["7_4"] == .pending(reason: "") && tasks["7_9"] == .pending(reason: "") && tasks["7_7"] == nil)
    #expect(tasks.states.keys.count { $0.hasPrefix("8") } == 0)
  }

  private func state(_ change: (inout PartState.Evidence) -> Void) -> PartState {
    var evidence = PartState.Evidence()
    change(&evidence)
    return PartState(evidence)
  }

  private let lease = Lease(epoch: 2, owner: owner("a", job: "7_1"), term: 60)
  private func attempt(_ end: Attempt.End, _ message: String = "") -> Attempt {
    Attempt(epoch: 2, host: "a", job: "7_1", end: end, message: message)
  }

  @Test func filesAloneTell() {
    #expect(state { _ in } == PartState(.planned))
    #expect(state { $0.result = .sound } == PartState(.done))
    #expect(state { $0.result = .damaged("x") } == PartState(.damaged, "x"))
    #expect(state { $0.missingParent = "b" } == PartState(.waiting, "for b"))
    #expect(state { ($0.lease, $0.age) = (lease, 59) } == PartState(.running, "on node-a"))
    #expect(state { ($0.lease, $0.age) = (lease, 61) } == PartState(.died, "no sign of life any more"))
    #expect(
      state { ($0.lease, $0.age, $0.attempts) = (lease, 61, [attempt(.interrupted, "told to stop")]) }
        == PartState(.stopped, "told to stop"))
    #expect(
      state { ($0.lease, $0.age, $0.attempts) = (lease, 61, [attempt(.failed, "no such zone")]) }
        == PartState(.failed, "no such zone"))
    #expect(
      state { ($0.lease, $0.age, $0.attempts) = (lease, 61, [attempt(.killed, "ended by a signal")]) }
        == PartState(.died, "ended by a signal"))
    // An earlier attempt's word is not the last one's.
    var old = attempt(.failed, "x")
    old.epoch = 1
    #expect(state { ($0.lease, $0.age, $0.attempts) = (lease, 61, [old]) }.kind == .died)
  }

  @Test func slurmTellsMore() {
    func state(_ task: SlurmTasks.State?, age: Double, _ attempts: [Attempt] = []) -> PartState {
      self.state {
        ($0.lease, $0.age, $0.attempts, $0.task, $0.job, $0.wasSubmitted) = (
          lease, age, attempts, task, "7_1", true
        )
      }
    }
    #expect(state(.running, age: 1000) == PartState(.running, "task 7_1"))
    #expect(state(.pending(reason: "Priority"), age: 1000) == PartState(.queued, "Priority"))
    // Slurm has seen its end, and its lease is still fresh.
    #expect(state(.ended("NODE_FAIL"), age: 1) == PartState(.died, "its node failed"))
    #expect(state(.ended("OUT_OF_MEMORY"), age: 1) == PartState(.died, "out of memory"))
    #expect(state(.ended("TIMEOUT"), age: 1, [attempt(.interrupted)]) == PartState(.stopped, "out of time"))
    #expect(state(.ended("PREEMPTED"), age: 1, [attempt(.interrupted)]) == PartState(.stopped, "preempted"))
    #expect(state(.ended("FAILED"), age: 1, [attempt(.failed, "no")]) == PartState(.failed, "no"))
    #expect(
      self.state { ($0.task, $0.job, $0.wasSubmitted) = (.ended("CANCELLED"), "7_1", true) }
        == PartState(.died, "cancelled before it began"))
    #expect(
      self.state { ($0.job, $0.wasSubmitted) = ("7_1", true) }
        == PartState(.died, "Slurm does not know it any more"))
    // Somebody else's lease, of a later task, is not ended by the end of this one.
    #expect(
      self.state { ($0.lease, $0.age, $0.task, $0.job) = (lease, 1, .ended("FAILED"), "6_1") }
        == PartState(.running, "on node-a"))
  }

  @Test func whoDiesAgainAndAgainIsGivenUp() {
    let state = state { ($0.lease, $0.age, $0.vanished) = (lease, 61, PartState.mostDeaths) }
    #expect(state == PartState(.failed, "no sign of life any more, 5 times"))
    #expect(!state.isForRetry)
  }

  @Test func aSweepIsSeenAsAWhole() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    #expect(
      SweepStatus(folder, [], SlurmTasks(), verify: false).rows.map(\.state.kind) == [
        .planned, .waiting, .waiting,
      ])
    var submission = try Submission.make([1, 2, 3], in: folder.path)
    #expect(submission.number == 1 && Submission.all(in: folder.path) == [submission])
    try submission.note("7", in: folder.path)
    submission.job = "7"
    #expect(Submission.all(in: folder.path) == [submission] && submission.task(of: 3) == "7_2")
    var told = SlurmTasks()
    told.add(squeue: ["7_0|RUNNING|None", "7_1|PENDING|Dependency", "7_2|CANCELLED|None"])
    let status = SweepStatus(folder, [submission], told, verify: false)
    #expect(status.rows.map(\.state.kind) == [.running, .queued, .waiting])
    #expect(status.forRetry() == [3] && status.jobs(before: folder.list.parts[2]) == ["7"])
    #expect(SweepStatus(folder, [submission], nil, verify: false).isSlurmSilent)
    try finish(folder.list.parts[0], of: folder)
    let later = SweepStatus(folder, [submission], told, verify: false)
    #expect(
      later.rows.map(\.state.kind) == [.done, .queued, .died]
        && later.jobs(before: folder.list.parts[2]).isEmpty)
    #expect(try Submission.make([2], in: folder.path).number == 2)
  }

  @Test func anArrayIsSubmittedWithWhatItNeeds() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let words = Slurm.words(Submission(number: 1, parts: [2, 3]), of: folder, behind: ["7", "7", "8"])
    #expect(words.contains("--array=0-1") && words.contains("--dependency=afterany:7:8"))
    #expect(words.contains("--requeue") && words.contains("--signal=B:TERM@120"))
    #expect(
      Slurm.script(program: "/a b/it's", folder: "/f").contains(#"exec '/a b/it'\''s' sweep part '/f' --sub"#)
    )
  }
}
