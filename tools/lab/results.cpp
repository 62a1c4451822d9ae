// SPDX-License-Identifier: MIT
// results.json: written by to_json, read back and checked by parse_results.
#include "lab/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace hft::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPathCharacters =
    "abcdefghijklmnopqrstuvwxyz0123456789-";

Json write_summary(const Summary& summary) {
  return {{"samples", summary.samples}, {"min", summary.min},
          {"p50", summary.p50},         {"p90", summary.p90},
          {"p99", summary.p99},         {"p999", summary.p999},
          {"p9999", summary.p9999},     {"max", summary.max},
          {"mean", summary.mean}};
}

Json write_manifest(const Manifest& manifest) {
  Json out{{"kernel", manifest.kernel},
           {"config_hash", manifest.config_hash},
           {"command_line", manifest.command_line},
           {"cpu_model", manifest.cpu_model},
           {"isolated_cpus", manifest.isolated_cpus},
           {"accelerator", manifest.accelerator},
           {"qemu", manifest.qemu},
           {"tsc_hz", manifest.tsc_hz},
           {"clock_cost_cycles", manifest.clock_cost_cycles},
           {"commit", manifest.commit},
           {"time", manifest.time}};
  if (manifest.hostname) out["hostname"] = *manifest.hostname;
  if (!manifest.extra.empty()) out["extra"] = manifest.extra;
  return out;
}

Json write_path(const PathResult& result) {
  Json out{{"path", result.path},
           {"samples", result.latency.samples},
           {"offered", result.offered},
           {"lost", result.lost}};
  out.update(write_summary(result.latency));
  out["rounds"] = Json::array();
  for (const Round& round : result.rounds) {
    out["rounds"].push_back({{"p50", round.p50}, {"p99", round.p99}});
  }
  if (result.schedule) out["schedule"] = write_summary(*result.schedule);
  for (const Outlier& outlier : result.worst) {
    out["worst"].push_back({{"sample", outlier.sample},
                            {"latency", outlier.latency},
                            {"cause", outlier.cause}});
  }
  return out;
}

[[noreturn]] void fail(const std::string& where, std::string_view expected,
                       std::string_view found) {
  throw ResultsError(
      fmt::format("{}: expected {}, found {}: the file was cut or edited, or "
                  "another program wrote it; measure again with `hft bench`",
                  where, expected, found));
}

template <typename T>
T convert(const Json& value, const std::string& where) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (!value.is_number_unsigned()) {
      fail(where, "a whole number from 0", value.dump());
    }
  } else if constexpr (std::is_same_v<T, double>) {
    if (!value.is_number()) fail(where, "a number", value.dump());
  } else {
    if (!value.is_string()) fail(where, "a string", value.dump());
  }
  return value.get<T>();
}

// A JSON object and where it stands in the file, for errors to say.
class Reader {
 public:
  Reader(const Json& object, std::string where)
      : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) {
      fail(where_.empty() ? "top level" : where_, "an object",
           object_.type_name());
    }
  }

  std::string name(const std::string& key) const {
    return where_.empty() ? key : where_ + "." + key;
  }
  bool has(const std::string& key) const { return object_.contains(key); }

  const Json& at(const std::string& key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(name(key), "the field", "none");
    return *found;
  }

  template <typename T>
  void read(const std::string& key, T& value) const {
    value = convert<T>(at(key), name(key));
  }

  Reader object(const std::string& key) const { return {at(key), name(key)}; }

  // Calls visit(element, where) for each element of an array.
  template <typename Visit>
  void each(const std::string& key, Visit visit) const {
    const Json& array = at(key);
    if (!array.is_array()) fail(name(key), "an array", array.type_name());
    for (std::size_t i = 0; i < array.size(); ++i) {
      visit(array[i], fmt::format("{}[{}]", name(key), i));
    }
  }

 private:
  const Json& object_;
  std::string where_;
};

Summary read_summary(const Reader& in) {
  Summary summary;
  in.read("samples", summary.samples);
  in.read("min", summary.min);
  in.read("p50", summary.p50);
  in.read("p90", summary.p90);
  in.read("p99", summary.p99);
  in.read("p999", summary.p999);
  in.read("p9999", summary.p9999);
  in.read("max", summary.max);
  in.read("mean", summary.mean);
  return summary;
}

Manifest read_manifest(const Reader& in) {
  Manifest manifest;
  in.read("kernel", manifest.kernel);
  in.read("config_hash", manifest.config_hash);
  in.read("command_line", manifest.command_line);
  in.read("cpu_model", manifest.cpu_model);
  in.read("isolated_cpus", manifest.isolated_cpus);
  in.read("accelerator", manifest.accelerator);
  in.read("qemu", manifest.qemu);
  in.read("tsc_hz", manifest.tsc_hz);
  in.read("clock_cost_cycles", manifest.clock_cost_cycles);
  in.read("commit", manifest.commit);
  in.read("time", manifest.time);
  if (in.has("hostname")) in.read("hostname", manifest.hostname.emplace());
  if (in.has("extra")) {
    const Reader extra = in.object("extra");
    for (const auto& [key, value] : in.at("extra").items()) {
      manifest.extra[key] = convert<std::string>(value, extra.name(key));
    }
  }
  return manifest;
}

Validity read_validity(const Reader& in) {
  Validity validity;
  in.read("label", validity.label);
  if (std::ranges::find(kValidityLabels, validity.label) ==
      std::end(kValidityLabels)) {
    fail(in.name("label"),
         fmt::format("one of {}", fmt::join(kValidityLabels, ", ")),
         validity.label);
  }
  in.each("reasons", [&](const Json& reason, const std::string& where) {
    validity.reasons.push_back(convert<std::string>(reason, where));
  });
  return validity;
}

PathResult read_path(const Reader& in) {
  PathResult result;
  in.read("path", result.path);
  // It becomes a file name.
  if (result.path.empty() ||
      result.path.find_first_not_of(kPathCharacters) != std::string::npos) {
    fail(in.name("path"), "lower-case letters, digits and '-'", result.path);
  }
  in.read("offered", result.offered);
  in.read("lost", result.lost);
  result.latency = read_summary(in);
  in.each("rounds", [&](const Json& element, const std::string& where) {
    const Reader round(element, where);
    round.read("p50", result.rounds.emplace_back().p50);
    round.read("p99", result.rounds.back().p99);
  });
  if (in.has("schedule")) result.schedule = read_summary(in.object("schedule"));
  if (in.has("worst")) {
    in.each("worst", [&](const Json& element, const std::string& where) {
      const Reader outlier(element, where);
      outlier.read("sample", result.worst.emplace_back().sample);
      outlier.read("latency", result.worst.back().latency);
      outlier.read("cause", result.worst.back().cause);
    });
  }
  return result;
}

}  // namespace

std::string to_json(const Results& results) {
  Json out{{"schema", kResultsSchema},
           {"manifest", write_manifest(results.manifest)},
           {"validity",
            {{"label", results.validity.label},
             {"reasons", results.validity.reasons}}},
           {"unit", results.unit},
           {"results", Json::array()}};
  for (const PathResult& result : results.results) {
    out["results"].push_back(write_path(result));
  }
  // A command line may hold bytes that are not UTF-8; they must not cost a run.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Results parse_results(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  if (root.is_discarded()) {
    fail("top level", "a JSON text", "something else");
  }
  const Reader in(root, "");
  std::string schema;
  in.read("schema", schema);
  if (schema != kResultsSchema) {
    throw ResultsError(
        fmt::format("schema: expected \"{}\", found \"{}\": read it with the "
                    "version of hft that wrote it",
                    kResultsSchema, schema));
  }
  Results results;
  results.manifest = read_manifest(in.object("manifest"));
  results.validity = read_validity(in.object("validity"));
  in.read("unit", results.unit);
  if (results.unit != "cycles" && results.unit != "ns") {
    fail("unit", "cycles or ns", results.unit);
  }
  std::set<std::string> seen;
  in.each("results", [&](const Json& element, const std::string& where) {
    results.results.push_back(read_path({element, where}));
    const std::string& path = results.results.back().path;
    if (!seen.insert(path).second) fail(where, "a path of its own", path);
  });
  return results;
}

}  // namespace hft::lab
