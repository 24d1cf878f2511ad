#include "methods/schroedinger_bridge/latent/EarlierBridge.hpp"

#include <fmt/format.h>

#include "methods/generative/ModelFile.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// Starts that share a drift have the same: those of a blurred law.
std::string family(const std::string& start) {
  return start == GaussianStart::key ? ConvolvedStart::key : start;
}

EarlierBridge read(const Hdf5File& file, const std::string& where) {
  EarlierBridge found{Autoencoder::read(file, "/autoencoder", where), "", 1, {}, {}};
  if (file.has("/drift/endpoint")) found.network = EndpointNetwork::read(file, "/drift/endpoint", where);
  if (file.has("/drift/mixture")) found.mixture = MixturePotential::read(file, "/drift/mixture");
  if (!found.network && !found.mixture)
    throw InputError(where,
                     fmt::format("{} holds no drift: an empirical one is not learned, and is not kept; "
                                 "leave `model` out",
                                 file.path()));
  for (const char* name : {"/drift/start", "/drift/sigma"})
    if (!file.has(name))
      throw InputError(where,
                       fmt::format("{} has no {}: it is of an older Weir, or damaged; train the bridge once "
                                   "more",
                                   file.path(), name));
  found.start = file.read_strings("/drift/start").at(0);
  found.sigma = file.read("/drift/sigma").at(0);
  return found;
}

void check(const EarlierBridge& found, const SchroedingerBridgeOptions& options, Index components) {
  check_model_fits(options.model, found.autoencoder.data_components(), components, options.where + ".model");
  const BridgeOptions& bridge = *options.bridge;
  Problems problems;
  const auto expect = [&](bool right, const std::string& key, const std::string& problem) {
    if (!right) problems.collect([&] { throw InputError(key, problem); });
  };
  expect(family(found.start) == family(bridge.start.name()), bridge.where + ".start",
         fmt::format("found {}; the bridge of {} starts from {}: give that", bridge.start.name(),
                     options.model.path, found.start));
  expect(bridge.sigma.value_or(found.sigma) == found.sigma, bridge.where + ".sigma",
         fmt::format("found {:g}; the bridge of {} has {:g}: leave it out", bridge.sigma.value_or(0),
                     options.model.path, found.sigma));
  const Index latent = found.autoencoder.latent_components();
  expect(options.latent->dimension.value_or(latent) == latent, options.where + ".latent.dimension",
         fmt::format("found {}; the bridge of {} has {}: leave it out", options.latent->dimension.value_or(0),
                     options.model.path, latent));
  expect(options.generate->by == "sde" || found.mixture, options.where + ".generate.by",
         fmt::format("found plan; {} holds a network, which has no plan: give `sde`", options.model.path));
  problems.raise();
}

}  // namespace

std::optional<EarlierBridge> read_earlier_bridge(const SchroedingerBridgeOptions& options, Index components,
                                                 const Communicator& comm) {
  if (options.model.empty()) return {};
  const std::string where = options.where + ".model";
  auto found =
      read_model_file(options.model, comm, where, [&](const Hdf5File& file) { return read(file, where); });
  check(found, options, components);
  return found;
}

}  // namespace weir
