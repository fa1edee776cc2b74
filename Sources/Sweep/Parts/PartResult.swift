import Glibc
import JSON
import System

/// What a part made, and how it is known to be whole: a folder that got its name when everything was in it, with a
/// record of every file's SHA-256. Of the same plan the record is the same, whoever made it, where, and how often it
/// was interrupted.
package struct PartResult: Sendable, Equatable {
  package struct File: Sendable, Equatable {
    package var bytes: Int
    package var sha256: String
  }

  package var part: String
  package var command: [String]
  package var inputs: [Part.Input]
  /// What it started from: the name and the digest of that record.
  package var parent: (name: String, sha256: String)?
  /// By their path inside the folder.
  package var files: [String: File]
  /// Of the record itself.
  package private(set) var sha256 = ""

  package static let recordName = "part.json"

  package static func == (a: PartResult, b: PartResult) -> Bool { a.sha256 == b.sha256 && a.bytes == b.bytes }

  package init(
    part: String, command: [String], inputs: [Part.Input], parent: (name: String, sha256: String)?,
    files: [String: File]
  ) {
    self.part = part
    self.command = command
    self.inputs = inputs
    self.parent = parent
    self.files = files
    sha256 = SHA256.hex(bytes)
  }

  package var size: Int { files.values.reduce(0) { $0 + $1.bytes } }

  package var bytes: [UInt8] {
    var members: [String: JSONValue] = [
      "version": .integer(1), "part": .text(part), "command": .list(command.map(JSONValue.text)),
      "inputs": .list(inputs.map(\.json)),
      "files": .object(
        files.mapValues { .object(["bytes": .integer($0.bytes), "sha256": .text($0.sha256)]) }),
    ]
    if let parent {
      members["parent"] = .object(["name": .text(parent.name), "sha256": .text(parent.sha256)])
    }
    return Array(JSONValue.object(members).text.utf8)
  }
}

extension PartResult {
  /// Reads a result's record; its files are not looked at.
  package init(folder: String) throws(SweepError) {
    let path = "\(folder)/\(Self.recordName)"
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.bytes(path, limit: 64 << 20)
    } catch {
      throw SweepError(error)
    }
    guard let json = try? JSONValue(bytes), json["version"]?.int == 1, let part = json["part"]?.string,
      let command = json["command"]?.items?.compactMap(\.string), let inputs = json["inputs"]?.items,
      case .object(let listed)? = json["files"]
    else { throw SweepError("\(path): is not the record of a part") }
    var files: [String: File] = [:]
    for (name, value) in listed {
      guard let size = value["bytes"]?.int, let digest = value["sha256"]?.string, Self.staysInside(name)
      else {
        throw SweepError("\(path): its list of files is damaged")
      }
      files[name] = File(bytes: size, sha256: digest)
    }
    var parent: (name: String, sha256: String)?
    if let name = json["parent"]?["name"]?.string, let digest = json["parent"]?["sha256"]?.string {
      parent = (name, digest)
    }
    self.init(
      part: part, command: command, inputs: inputs.compactMap(Part.Input.init), parent: parent, files: files)
    guard self.bytes == bytes else { throw SweepError("\(path): is not as it was written") }
  }

  /// Every file is there and is what the record says, and there is no other.
  package func verify(in folder: String) throws(SweepError) {
    let found = Set(Self.names(in: folder)).subtracting([Self.recordName])
    if let strange = found.subtracting(files.keys).min() {
      throw SweepError("\(folder)/\(strange): is not of this result")
    }
    for (name, file) in files.sorted(by: { $0.key < $1.key }) {
      let path = "\(folder)/\(name)"
      guard try Disk.digest(path) == file.sha256 else {
        throw SweepError("\(path): is not what was written (SHA-256)")
      }
    }
  }

  /// The files of a part's output and their digests, on the disk before anyone reads of them.
  package static func files(in folder: String) throws(SweepError) -> [String: File] {
    var files: [String: File] = [:]
    for name in names(in: folder) where name != recordName {
      let path = "\(folder)/\(name)"
      do throws(SystemError) {
        let size = Int(try FileIdentity(path: path).size)
        try Disk.settle(path)
        files[name] = File(bytes: size, sha256: try SHA256.hex(ofFile: path))
      } catch {
        throw SweepError(error)
      }
    }
    return files
  }

  /// Paths of all files below a folder, sorted; what a killed writer left begins with a dot and is none.
  package static func names(in folder: String, below: String = "", depth: Int = 0) -> [String] {
    guard depth < 8 else { return [] }
    var names: [String] = []
    for name in FolderNames(folder) where !name.hasPrefix(".") {
      var status = stat()
      let path = "\(folder)/\(name)"
      guard PathText.withCString(path, { lstat($0, &status) }) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        names += Self.names(in: path, below: "\(below)\(name)/", depth: depth + 1)
      } else if status.st_mode & S_IFMT == S_IFREG {
        names.append(below + name)
      }
    }
    return names.sorted()
  }

  private static func staysInside(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { Part.isPlain(String($0)) }
  }
}
