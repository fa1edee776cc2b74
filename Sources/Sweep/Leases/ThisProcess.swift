import Glibc
import System

/// This process as the owner of a lease, and what it can tell about others on the same machine.
package enum ThisProcess {
  package static func owner() -> Lease.Owner {
    var generator = SystemRandomNumberGenerator()
    let nonce = String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
    return Lease.Owner(
      nonce: nonce, host: HostName.current, space: space, process: Int(getpid()),
      begun: begun(Int(getpid())) ?? "",
      job: job(Environment["SLURM_ARRAY_JOB_ID"], Environment["SLURM_ARRAY_TASK_ID"]))
  }

  package static func job(_ array: String?, _ task: String?) -> String? {
    guard let array, let task else { return nil }
    return "\(array)_\(task)"
  }

  /// Whether an owner's process is surely gone: only where its number would mean the same here.
  package static func isDead(_ owner: Lease.Owner) -> Bool {
    guard !space.isEmpty, owner.space == space, owner.process > 0, !owner.begun.isEmpty else { return false }
    return begun(owner.process) != owner.begun
  }

  /// This start of this machine, and which of its processes are seen.
  static let space: String = {
    let boot = (try? WholeFile.text("/proc/sys/kernel/random/boot_id", limit: 256))?.trimmed ?? ""
    var status = stat()
    guard !boot.isEmpty, stat("/proc/self/ns/pid", &status) == 0 else { return "" }
    return "\(boot) \(status.st_ino)"
  }()

  /// When a process began, in ticks since the machine did; nil where there is none, or none but its remains.
  static func begun(_ process: Int) -> String? {
    guard let text = try? WholeFile.text("/proc/\(process)/stat", limit: 4096),
      let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return String(fields[19])
  }
}
