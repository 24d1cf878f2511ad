#include "methods/latent_diffusion/DiffusionModel.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {
const std::vector<std::string> schedules{"vp", "cosine", "ve"};
}

void write_decoder(Hdf5File& file, const std::string& group, const StoredNetwork& network,
                   const DecoderOptions& options) {
  const ConvolutionalDecoder* images = options.images();
  if (!images) return write_network(file, group, network);
  std::vector<Real> image{Real((*images->image)[0]), Real((*images->image)[1]), Real(images->colours),
                          Real(images->residual), Real(activation_named(images->activation))};
  image.insert(image.end(), images->channels.begin(), images->channels.end());
  file.write(group + "/parameters", network.parameters, {Index(network.parameters.size())});
  file.write(group + "/image", image, {Index(image.size())});
  file.write(group + "/sizes", {Real(network.shape.inputs), Real(network.shape.outputs)}, {2});
}

StoredNetwork read_decoder(const Hdf5File& file, const std::string& group, DecoderOptions& options,
                           const std::string& where) {
  if (file.has(group + "/image")) {
    const auto image = file.read(group + "/image");
    if (image.size() < 6) throw InputError(where, fmt::format("network {} is damaged", group));
    ConvolutionalDecoder images;
    images.image = {Index(image[0]), Index(image[1])};
    images.colours = Index(image[2]);
    images.residual = Index(image[3]);
    images.activation = activation_names().at(std::size_t(image[4]));
    images.channels.clear();
    for (std::size_t k = 5; k < image.size(); ++k) images.channels.push_back(Index(image[k]));
    options.map = images;
    const Index latent = Index(file.read(group + "/sizes").at(0)),
                data = Index(file.read(group + "/sizes").at(1));
    StoredNetwork network{options.shape(latent, data), file.read(group + "/parameters")};
    if (Index(network.parameters.size()) != options.parameters(latent, data))
      throw InputError(where, fmt::format("network {} is damaged: it has {} parameters", group,
                                          network.parameters.size()));
    return network;
  }
  StoredNetwork network = read_network(file, group, where);
  if (network.shape.hidden.empty()) {
    options.map = LinearDecoder();
  } else {
    DecoderNetwork map;
    map.hidden = network.shape.hidden;
    map.activation = activation_names().at(std::size_t(network.shape.activation));
    map.residual = network.shape.residual;
    map.layer_norm = network.shape.layer_norm;
    options.map = map;
  }
  return network;
}

void DiffusionModel::save(Hdf5File& file, const std::string& group) const {
  write_decoder(file, group + "/networks/decoder", decoder, decoder_options);
  write_decoder(file, group + "/networks/decoder_last", decoder_last, decoder_options);
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
  model.decoder = read_decoder(file, group + "/networks/decoder", model.decoder_options, where);
  model.decoder_last = read_decoder(file, group + "/networks/decoder_last", model.decoder_options, where);
  model.mean = file.read(group + "/latents/mean");
  model.deviation = file.read(group + "/latents/deviation");
  const auto likelihood = file.read(group + "/likelihood"), prior = file.read(group + "/prior_options");
  model.noise = likelihood.at(1);
  model.decoder_options.likelihood = likelihood.at(0) == 1 ? "gaussian" : "bernoulli";
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
