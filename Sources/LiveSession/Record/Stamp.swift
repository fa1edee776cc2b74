import System

/// When something was recorded. `sequence` rises by one a line: a gap is a loss.
package struct Stamp: Sendable, Equatable {
  package var sequence: Int
  /// Milliseconds since 1970, UTC, by the machine's clock, which people may set.
  package var unixMilliseconds: Int
  /// Nanoseconds of the monotonic clock, which only ever rises within one run of the program.
  package var monotonicNanoseconds: Int

  package init(sequence: Int, unixMilliseconds: Int, monotonicNanoseconds: Int) {
    self.sequence = sequence
    self.unixMilliseconds = unixMilliseconds
    self.monotonicNanoseconds = monotonicNanoseconds
  }
}

/// The two clocks of the session; tests hand in their own.
package struct SessionClock: Sendable {
  package var unixMilliseconds: @Sendable () -> Int
  package var monotonicNanoseconds: @Sendable () -> Int

  package init(
    unixMilliseconds: @escaping @Sendable () -> Int, monotonicNanoseconds: @escaping @Sendable () -> Int
  ) {
    self.unixMilliseconds = unixMilliseconds
    self.monotonicNanoseconds = monotonicNanoseconds
  }

  package static let system = SessionClock(
    unixMilliseconds: { SystemClock.unix.nanoseconds / 1_000_000 },
    monotonicNanoseconds: { SystemClock.monotonic.nanoseconds })
}

/// RFC 3339 in UTC with milliseconds: `2026-11-20T12:04:31.250Z`.
package enum Timestamp {
  package static func text(unixMilliseconds: Int) -> String {
    let c = components(unixMilliseconds)
    return "\(pad(c.year, 4))-\(pad(c.month, 2))-\(pad(c.day, 2))T"
      + "\(clockText(unixMilliseconds: unixMilliseconds)).\(pad(c.millisecond, 3))Z"
  }

  /// For file names: `20261120T120431Z`.
  package static func compact(unixMilliseconds: Int) -> String {
    let c = components(unixMilliseconds)
    return "\(pad(c.year, 4))\(pad(c.month, 2))\(pad(c.day, 2))T"
      + "\(pad(c.hour, 2))\(pad(c.minute, 2))\(pad(c.second, 2))Z"
  }

  /// `12:04:31`, UTC.
  package static func clockText(unixMilliseconds: Int) -> String {
    let c = components(unixMilliseconds)
    return "\(pad(c.hour, 2)):\(pad(c.minute, 2)):\(pad(c.second, 2))"
  }

  /// Milliseconds since 1970 of a text written by `text`; nil for anything else.
  package static func unixMilliseconds(_ text: String) -> Int? {
    var text = text
    return text.withUTF8 { unixMilliseconds($0) }
  }

  static func unixMilliseconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard bytes.count == 24, bytes[23] == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T") else {
      return nil
    }
    func digits(_ range: Range<Int>) -> Int? {
      var value = 0
      for i in range {
        guard case let digit = bytes[i] &- 48, digit < 10 else { return nil }
        value = value * 10 + Int(digit)
      }
      return value
    }
    guard let year = digits(0..<4), let month = digits(5..<7), let day = digits(8..<10),
      let hour = digits(11..<13), let minute = digits(14..<16), let second = digits(17..<19),
      let milli = digits(20..<23), 1...12 ~= month, 1...31 ~= day
    else { return nil }
    return ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milli
  }

  private struct Components {
    var year = 0
    var month = 0
    var day = 0
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0
  }

  // Days and civil dates convert through eras of 400 years that begin on 1 March (the proleptic
  // Gregorian calendar), so no time zone tables and no locks are needed.
  private static func components(_ unixMilliseconds: Int) -> Components {
    let days = floorDivide(unixMilliseconds, 86_400_000)
    let rest = unixMilliseconds - days * 86_400_000
    let z = days + 719_468
    let era = floorDivide(z, 146_097)
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return Components(
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * shifted + 2) / 5 + 1, hour: rest / 3_600_000, minute: rest / 60_000 % 60,
      second: rest / 1000 % 60, millisecond: rest % 1000)
  }

  private static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = floorDivide(y, 400)
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : (a + 1) / b - 1 }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
