#include "methods/latent_diffusion/DiffusionModel.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {
const std::vector<std::string> schedules{"vp", "cosine", "ve"};
}

void DiffusionModel::save(Hdf5File& file, const std::string& group) const {
  write_network(file, group + "/networks/decoder", decoder);
  write_network(file, group + "/networks/decoder_last", decoder_last);
  file.write(group + "/latents/mean", mean, {Index(mean.size())});
  file.write(group + "/latents/deviation", deviation, {Index(deviation.size())});
  file.write(group + "/likelihood", {decoder_options.likelihood == "gaussian" ? Real(1) : Real(2), noise},
             {2});
  std::vector<Real> numbers{0, 0};
  if (prior) {
    write_network(file, group + "/networks/prior", *prior);
    write_network(file, group + "/networks/prior_last", *prior_last);
    const auto found = std::find(schedules.begin(), schedules.end(), prior_options->schedule);
    numbers = {Real(prior_options->mixed), Real(1 + found - schedules.begin())};
  }
  file.write(group + "/prior_options", numbers, {2});
  if (mixture) {
    const Index components = Index(mixture->weights.size()), q = latent();
    file.write(group + "/mixture/weights", mixture->weights, {components});
    file.write(group + "/mixture/means", mixture->means, {components, q});
    file.write(group + "/mixture/inverse_roots", mixture->inverse_roots, {components, q, q});
  }
  if (!columns.empty()) file.write_strings(group + "/columns", columns);
}

DiffusionModel DiffusionModel::read(const Hdf5File& file, const std::string& group,
                                    const std::string& where) {
  for (const char* needed : {"/networks/decoder", "/latents/mean", "/likelihood", "/prior_options"})
    if (!file.has(group + needed))
      throw InputError(where,
                       fmt::format("{} has no {}; give the networks.h5 of a finished run of latent_diffusion",
                                   file.path(), group + needed));
  DiffusionModel model;
  model.decoder = read_network(file, group + "/networks/decoder", where);
  model.decoder_last = read_network(file, group + "/networks/decoder_last", where);
  model.mean = file.read(group + "/latents/mean");
  model.deviation = file.read(group + "/latents/deviation");
  const auto likelihood = file.read(group + "/likelihood"), prior = file.read(group + "/prior_options");
  model.noise = likelihood.at(1);
  model.decoder_options.likelihood = likelihood.at(0) == 1 ? "gaussian" : "bernoulli";
  if (model.decoder.shape.hidden.empty()) {
    model.decoder_options.map = LinearDecoder();
  } else {
    DecoderNetwork network;
    network.hidden = model.decoder.shape.hidden;
    network.activation = activation_names().at(std::size_t(model.decoder.shape.activation));
    network.residual = model.decoder.shape.residual;
    network.layer_norm = model.decoder.shape.layer_norm;
    model.decoder_options.map = network;
  }
  if (file.has(group + "/columns")) model.columns = file.read_strings(group + "/columns");
  if (file.has(group + "/mixture"))
    model.mixture = LatentMixture{file.read(group + "/mixture/weights"), file.read(group + "/mixture/means"),
                                  file.read(group + "/mixture/inverse_roots")};
  if (prior.at(1) == 0) return model;
  model.prior = read_network(file, group + "/networks/prior", where);
  model.prior_last = read_network(file, group + "/networks/prior_last", where);
  DiffusionPriorOptions options;
  const auto& hidden = model.prior->shape.hidden;  // the input layer, then those of the options (score_shape)
  options.hidden.assign(hidden.begin() + 1, hidden.end());
  options.activation = activation_names().at(std::size_t(model.prior->shape.activation));
  options.residual = model.prior->shape.residual;
  options.mixed = prior.at(0) != 0;
  options.schedule = schedules.at(std::size_t(prior.at(1)) - 1);
  model.prior_options = options;
  return model;
}

}  // namespace weir
