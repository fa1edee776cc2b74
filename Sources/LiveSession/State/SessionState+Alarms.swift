import Diffraction

/// Alarms are latched: one a reason's code, standing until an operator acknowledges it.
///
/// Hysteresis: an acknowledged alarm stays silent while the trouble lasts, and is armed again only after
/// `quietFrames` results in a row came without it; a value that flickers about its threshold rings once.
extension SessionState {
  package static let quietFrames = 3

  mutating func raise(_ record: ResultRecord, _ stamp: Stamp) {
    for index in alarms.indices
    where !record.finding.reasons.contains(where: { $0.code == alarms[index].code }) {
      alarms[index].quiet += 1
    }
    for reason in record.finding.reasons {
      let severity: Alarm.Severity = record.finding.verdict == .doubtful ? .warning : .alarm
      let text = "\(record.file): \(reason.text)"
      // What only informs of an answer that may be used rings nothing.
      guard record.finding.verdict != .accept else {
        say(stamp, reason.code, text, nil, record.fileID)
        continue
      }
      say(stamp, reason.code, text, severity, record.fileID)
      if let index = alarms.firstIndex(where: { $0.code == reason.code }) {
        alarms[index].count += 1
        alarms[index].quiet = 0
        alarms[index].text = text
        alarms[index].fileID = record.fileID
        alarms[index].severity = max(alarms[index].severity, severity)
        alarms[index].unixMilliseconds = stamp.unixMilliseconds
      } else {
        alarms.append(
          Alarm(
            code: reason.code, severity: severity, text: text, fileID: record.fileID, count: 1,
            unixMilliseconds: stamp.unixMilliseconds, isAcknowledged: false, quiet: 0))
      }
    }
    alarms.removeAll { $0.isAcknowledged && $0.hasEnded }
  }
}

extension Alarm {
  /// The trouble has been away for long enough.
  package var hasEnded: Bool { quiet >= SessionState.quietFrames }
}
