import Glibc
import JSON
import Learning
import System
import Testing

import Service

/// Stands for `ewald train`: says how far it is and writes a model with a stated validation.
private func trainer(in scratch: Scratch, among: Double = 0.95, ending: String = "exit 0") throws -> String {
  let path = "\(scratch.path)/trainer"
  let script = """
    #!/bin/sh
    while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done
    echo '{"phase":"tables","progress":0.1}'
    echo '{"phase":"step 5 of 10","progress":0.5,"minutes_left":1.5}'
    \(ending == "exit 0" ? "" : ending)
    mkdir -p "$out.part"
    printf x > "$out.part/network"
    cat > "$out.part/manifest.json" <<'END'
    {"version":1,"id":"m","engine":"pacbed","files":{"network":{"sha256":"\(SHA256.hex(Array("x".utf8)))"}},
     "domain":{"crystal":"rutile","zone":[0,0,1],"voltage_kv":200,"convergence_mrad":[15,25]},
     "validation":[{"of":"noise 0.1","among_three":\(among),"thickness_error_median_percent":2}]}
    END
    mv "$out.part" "$out"
    """
  try NewFile.write(Array(script.utf8), to: path)
  chmod(path, 0o755)
  return path
}

private let request = JSONValue.object([
  "crystal": .text("rutile"), "voltage_kv": .number(200),
  "convergence_mrad": .list([.number(15), .number(25)]),
])

@Suite struct TrainingTests {
  @Test func aModelIsTrainedAndOffered() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try trainer(in: scratch))
    let reply = try running.client.post("/api/v1/tickets", json: request)
    #expect(reply.status == 202)
    let id = try #require(reply.json["id"]?.string)
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "done" && ticket["percent"]?.double == 100)
    #expect(ticket["model"]?.string == "rutile-200kv")
    let models = try running.client.get("/api/v1/models").json
    #expect(models["models"]?[0]?["engine"]?.string == "pacbed")
    #expect(!FilePath.exists("\(scratch.path)/data/training/\(id)"))
  }

  @Test func aModelThatMissesItsValidationIsKeptAside() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try trainer(in: scratch, among: 0.5))
    let id = try #require(try running.client.post("/api/v1/tickets", json: request).json["id"]?.string)
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "kept_aside")
    #expect(ticket["message"]?.string?.contains("50.0 %") == true)
    #expect(try running.client.get("/api/v1/models").json["models"]?.items?.isEmpty == true)
    #expect(FilePath.exists("\(scratch.path)/data/aside/rutile-200kv/manifest.json"))
  }

  @Test func aTrainingThatFailsSaysWhy() throws {
    let scratch = try Scratch()
    let running = try RunningService(
      in: scratch, trainer: try trainer(in: scratch, ending: "echo 'ewald: no such zone' >&2; exit 2"))
    let id = try #require(try running.client.post("/api/v1/tickets", json: request).json["id"]?.string)
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "failed" && ticket["message"]?.string == "no such zone")
  }

  @Test func aTrainingThatIsEndedAgainAndAgainIsGivenUp() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try trainer(in: scratch, ending: "kill -9 $$"))
    let id = try #require(try running.client.post("/api/v1/tickets", json: request).json["id"]?.string)
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "failed")
    #expect(ticket["message"]?.string == "was ended from outside 5 times")
  }

  @Test func aTrainingCanBeCancelled() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try trainer(in: scratch, ending: "exec sleep 600"))
    let client = running.client
    let id = try #require(try client.post("/api/v1/tickets", json: request).json["id"]?.string)
    // The same again is the same ticket.
    #expect(try client.post("/api/v1/tickets", json: request).json["id"]?.string == id)
    #expect(try client.ask("DELETE", "/api/v1/tickets/\(id)").json["state"]?.string == "cancelled")
    #expect(try client.settled(id)["state"]?.string == "cancelled")
    #expect(try client.ask("DELETE", "/api/v1/tickets/\(id)").status == 409)
    #expect(try client.ask("DELETE", "/api/v1/tickets/none").status == 404)
  }

  @Test func whatWasBegunIsGoneOnWith() throws {
    let scratch = try Scratch()
    var running = try RunningService(in: scratch, trainer: try trainer(in: scratch, ending: "exec sleep 600"))
    let id = try #require(try running.client.post("/api/v1/tickets", json: request).json["id"]?.string)
    running.stop()
    running = try RunningService(in: scratch, trainer: try trainer(in: scratch))
    #expect(try running.client.settled(id)["state"]?.string == "done")
  }

  @Test(
    arguments: [
      ("{}", "crystal"), (#"{"crystal":"../x","voltage_kv":80,"convergence_mrad":[15,25]}"#, "crystal"),
      (#"{"crystal":"gold","voltage_kv":80,"convergence_mrad":[15,25]}"#, "one of rutile"),
      (#"{"crystal":"rutile","voltage_kv":8,"convergence_mrad":[15,25]}"#, "voltage_kv"),
      (#"{"crystal":"rutile","voltage_kv":80,"convergence_mrad":[25,15]}"#, "convergence_mrad"),
      (#"{"crystal":"rutile","voltage_kv":80,"convergence_mrad":[15,25],"zone":[0,0,0]}"#, "zone"),
      (#"{"crystal":"rutile","voltage_kv":80,"convergence_mrad":[15,25],"steps":1e99}"#, "steps"),
      (#"{"crystal":"rutile","voltage_kv":80,"convergence_mrad":[15,25],"colour":1}"#, "colour"),
      (#"{"crystal":"mine","cif":"data_x","voltage_kv":80,"convergence_mrad":[15,25]}"#, "no cell"),
    ])
  func whatCannotBeTrainedIsRefused(_ text: String, _ words: String) throws {
    let running = try RunningService()
    let reply = try running.client.ask(
      "POST", "/api/v1/tickets", [("Content-Type", "application/json")], body: Array(text.utf8))
    #expect(reply.status == 422)
    #expect(reply.error.contains(words))
  }

  /// The published clients: a ticket where no model fits, and the answer's place.
  @Test func aRequestWithoutAModelWaitsForOne() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try trainer(in: scratch, ending: "exec sleep 600"))
    let parameters = """
      {"file_params":{"typ":"tiff"},"physical_params":{"acceleration_voltage":200000,"zone_axis":{"u":0,"v":0,"w":1},
      "crystal_structure":"Strontium Titanate","convergence_angle":19.5}}
      """
    let reply = try running.client.post(
      "/inference/", file: Disc.tiff, named: "a.tif", fields: ["parameters": parameters])
    #expect(reply.status == 202)
    let uuid = try #require(reply.json["uuid"]?.string)
    let waiting = try running.client.get("/inference/delayed/\(uuid)")
    #expect(waiting.status == 202)
    #expect(["queued", "running"].contains(waiting.json["state"]?.string))
    #expect(try running.client.get("/inference/delayed/none").status == 404)
    let unknown = try running.client.post(
      "/inference/", file: Disc.tiff, named: "a.tif",
      fields: ["parameters": parameters.replacing("Strontium Titanate", with: "Unobtainium")])
    #expect(unknown.status == 404)
  }
}
