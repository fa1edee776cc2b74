import Diffraction
import FrameFiles
import Glibc

/// Where engines' files go: a folder, each file under the name of what was analysed.
struct ArtifactFolder: Sendable {
  private let folder: String
  private let stem: String

  init(_ folder: String, for path: String) {
    self.folder = folder
    let name = path.split(separator: "/").last.map(String.init) ?? path
    stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }

  @Sendable func write(_ artifact: Artifact) throws(AnalysisError) -> String {
    if mkdir(folder, 0o755) != 0, errno != EEXIST {
      throw .failed("\(folder): cannot make the folder: \(String(cString: strerror(errno)))")
    }
    let path = "\(folder)/\(stem)_\(artifact.file)"
    do {
      switch artifact.content {
      case .images(let images, let description):
        let pages = images.enumerated().map { index, pixels in
          TIFFWriter.Page(pixels, description: index == 0 ? description : nil)
        }
        try TIFFWriter.write(pages, to: path)
      case .bytes(let bytes): try replaceFile(at: path, with: bytes)
      }
    } catch {
      throw .file(error)
    }
    return path
  }
}
