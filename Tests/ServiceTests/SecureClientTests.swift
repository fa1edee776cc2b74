import COpenSSL
import System
import Testing

import Service

/// A fresh key, and a certificate by it for the address 127.0.0.1 that nobody else has signed.
private struct OwnCertificate {
  let key: String
  let certificate: String

  init() throws {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    var made: OpaquePointer?
    try #require(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &made) == 1)
    EVP_PKEY_CTX_free(context)
    let own = try #require(made)
    defer { EVP_PKEY_free(own) }
    let paper = try #require(X509_new())
    defer { X509_free(paper) }
    X509_set_version(paper, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(paper), 1)
    X509_gmtime_adj(X509_getm_notBefore(paper), -3600)
    X509_gmtime_adj(X509_getm_notAfter(paper), 3600)
    X509_set_pubkey(paper, own)
    let name = X509_get_subject_name(paper)
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "ewald test", -1, -1, 0)
    X509_set_issuer_name(paper, name)
    let place = X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, "IP:127.0.0.1")
    X509_add_ext(paper, place, -1)
    X509_EXTENSION_free(place)
    try #require(X509_sign(paper, own, nil) > 0)
    key = try Self.text { PEM_write_bio_PrivateKey($0, own, nil, nil, 0, nil, nil) }
    certificate = try Self.text { PEM_write_bio_X509($0, paper) }
  }

  private static func text(_ write: (OpaquePointer) -> Int32) throws -> String {
    let memory = try #require(BIO_new(BIO_s_mem()))
    defer { BIO_free(memory) }
    try #require(write(memory) == 1)
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = BIO_read(memory, &bytes, Int32(bytes.count))
    return String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
  }
}

/// Another service behind TLS: believed only where its certificate is.
@Suite struct SecureClientTests {
  @Test func onlyABelievedCertificateIsSpokenTo() throws {
    let running = try RunningService()
    let own = try OwnCertificate()
    var options = HTTPServer.Options()
    (options.certificate, options.key) = (own.certificate, own.key)
    let listener = try Listener(.network(host: "127.0.0.1", port: 0))
    let server = try HTTPServer(
      listener, folder: running.service.scratch, options: options, handler: running.service)
    defer { server.stop() }
    guard case .network(_, let port) = listener.place else {
      Issue.record("no port")
      return
    }
    let trust = "\(running.scratch.path)/believed.pem"
    try NewFile.write(Array(own.certificate.utf8), to: trust)
    func ask(_ host: String, trust: String?) throws -> [UInt8] {
      let address = try #require(HTTPAddress("https://\(host):\(port)"))
      return try HTTPClient(address, trust: trust).get("/api/v1")
    }
    #expect(String(decoding: try ask("127.0.0.1", trust: trust), as: UTF8.self).contains("ewald"))
    let unknown = try #require(throws: ConnectionError.self) { try ask("127.0.0.1", trust: nil) }
    #expect("\(unknown)".contains("self-signed certificate"))
    // The certificate is for another name.
    let other = try #require(throws: ConnectionError.self) { try ask("localhost", trust: trust) }
    #expect("\(other)".contains("mismatch"))
    // Plain words where TLS is spoken, and the other way round.
    let plain = try #require(HTTPAddress("http://127.0.0.1:\(port)"))
    #expect(throws: ConnectionError.self) { try HTTPClient(plain).get("/api/v1") }
    let noFile = try #require(throws: ConnectionError.self) { try ask("127.0.0.1", trust: "/nonexistent") }
    #expect("\(noFile)".contains("no certificates"))
  }
}
