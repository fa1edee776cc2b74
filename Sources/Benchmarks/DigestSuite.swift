import System
import FrameFormats
import Glibc

/// How fast bytes are hashed: a frame of 32 MB in memory, and in a file that the kernel has at hand.
func digestSuite(in folder: String) -> [Measurement] {
  let bytes = (0..<32 << 20).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 9) }
  let path = "\(folder)/frame"
  guard (try? NewFile.write(bytes, to: path, durability: .cached)) != nil else {
    preconditionFailure("the folder was just made")
  }
  func rate(_ name: String, _ body: () -> String) -> Measurement {
    let rates = (0..<7).map { _ in
      let start = seconds()
      let digest = body()
      let took = seconds() - start
      precondition(!digest.isEmpty, "a digest is never empty")
      return Double(bytes.count) / 1e6 / took
    }
    return Measurement(name, median(rates), "MB/s")
  }
  return [
    rate("SHA-256 of 32 MiB in memory") { SHA256.hex(bytes) },
    rate("content hash of a file of 32 MiB") { (try? contentHash(ofFile: path)) ?? "" },
  ]
}
