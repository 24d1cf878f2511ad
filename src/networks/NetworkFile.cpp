#include "weir/networks/NetworkFile.hpp"

#include <fmt/ranges.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

namespace {

constexpr Index largest_width = Index(1) << 24;

/// Reads one group; every problem becomes an InputError that names it.
class GroupReader {
 public:
  GroupReader(const Hdf5File& file, const std::string& group, const std::string& where)
      : file_(file), group_(group), where_(where) {
    if (!file.has(group)) throw InputError(where, fmt::format("the file has no network {}", group));
  }

  [[noreturn]] void fail(const std::string& cause) const {
    throw InputError(where_, fmt::format("network {} is damaged: {}", group_, cause));
  }

  Index count(const std::string& name, Index least, Index most) const {
    const Real value = number(name);
    if (!(value >= Real(least) && value <= Real(most)) || value != std::floor(value))
      fail(fmt::format("{} is {}, an integer from {} to {} is expected", name, value, least, most));
    return Index(value);
  }
  bool flag(const std::string& name) const { return count(name, 0, 1) == 1; }
  Real number(const std::string& name) const {
    return attempt("attribute " + name, [&] { return file_.attribute(group_, name); });
  }
  std::string text(const std::string& name) const {
    return attempt("attribute " + name, [&] { return file_.text_attribute(group_, name); });
  }
  std::vector<Real> vector(const std::string& name, Index length) const {
    const std::string path = group_ + "/" + name;
    if (!file_.has(path)) fail(fmt::format("it has no {}", name));
    const auto shape = attempt(name, [&] { return file_.shape(path); });
    if (shape != std::vector<Index>{length})
      fail(fmt::format("{} has shape ({}), ({}) is expected", name, fmt::join(shape, ", "), length));
    auto values = attempt(name, [&] { return file_.read(path); });
    for (const Real value : values)
      if (!std::isfinite(value)) fail(fmt::format("{} holds numbers that are not finite", name));
    return values;
  }

 private:
  template <class Read>
  auto attempt(const std::string& what, Read read) const -> decltype(read()) {
    try {
      return read();
    } catch (const LibraryError& error) {
      fail(fmt::format("{} cannot be read ({})", what, error.what()));
    }
  }

  const Hdf5File& file_;
  std::string group_, where_;
};

MlpShape read_shape(const GroupReader& reader) {
  MlpShape shape;
  shape.inputs = reader.count("inputs", 1, largest_width);
  shape.outputs = reader.count("outputs", 1, largest_width);
  const std::string activation = reader.text("activation");
  try {
    shape.activation = activation_named(activation);
  } catch (const InputError& error) {
    reader.fail(error.what());
  }
  shape.residual = reader.flag("residual");
  shape.layer_norm = reader.flag("layer_norm");
  shape.time = reader.flag("time");
  shape.frequencies = reader.count("frequencies", 0, 32);
  shape.horizon = reader.number("horizon");
  if (!(shape.horizon > 0) || !std::isfinite(shape.horizon))
    reader.fail(fmt::format("horizon is {}, a number above 0 is expected", shape.horizon));
  const Index layers = reader.count("layers", 0, 1 << 16);
  shape.hidden.clear();
  if (layers == 0) return shape;
  for (const Real width : reader.vector("hidden", layers)) {
    if (width < 1 || width > Real(largest_width) || width != std::floor(width))
      reader.fail(fmt::format("a hidden layer has width {}", width));
    shape.hidden.push_back(Index(width));
  }
  return shape;
}

/// What a shape says, item by item, for comparisons.
std::vector<std::pair<std::string, std::string>> items(const MlpShape& shape) {
  return {{"inputs", fmt::format("{}", shape.inputs)},
          {"outputs", fmt::format("{}", shape.outputs)},
          {"hidden", fmt::format("[{}]", fmt::join(shape.hidden, ", "))},
          {"activation", activation_names()[std::size_t(shape.activation)]},
          {"residual", fmt::format("{}", shape.residual)},
          {"layer_norm", fmt::format("{}", shape.layer_norm)},
          {"time", fmt::format("{}", shape.time)},
          {"frequencies", fmt::format("{}", shape.frequencies)},
          {"horizon", fmt::format("{}", shape.horizon)}};
}

}  // namespace

void write_network(Hdf5File& file, const std::string& group, const StoredNetwork& network) {
  const MlpShape& shape = network.shape;
  const Index parameters = Mlp<Real>(shape).parameters();
  WEIR_CHECK(Index(network.parameters.size()) == parameters, "{} parameters of {}", network.parameters.size(),
             parameters);
  file.write(group + "/parameters", network.parameters, {parameters});
  if (!shape.hidden.empty())
    file.write(group + "/hidden", {shape.hidden.begin(), shape.hidden.end()}, {Index(shape.hidden.size())});
  file.set_attribute(group, "layers", Real(shape.hidden.size()));
  file.set_attribute(group, "inputs", Real(shape.inputs));
  file.set_attribute(group, "outputs", Real(shape.outputs));
  file.set_attribute(group, "activation", activation_names()[std::size_t(shape.activation)]);
  file.set_attribute(group, "residual", Real(shape.residual));
  file.set_attribute(group, "layer_norm", Real(shape.layer_norm));
  file.set_attribute(group, "time", Real(shape.time));
  file.set_attribute(group, "frequencies", Real(shape.frequencies));
  file.set_attribute(group, "horizon", shape.horizon);
}

StoredNetwork read_network(const Hdf5File& file, const std::string& group, const std::string& where) {
  const GroupReader reader(file, group, where);
  StoredNetwork network;
  network.shape = read_shape(reader);
  network.parameters = reader.vector("parameters", Mlp<Real>(network.shape).parameters());
  return network;
}

StoredNetwork read_network(const Hdf5File& file, const std::string& group, const MlpShape& expected,
                           const std::string& where) {
  StoredNetwork network = read_network(file, group, where);
  const auto found = items(network.shape), wanted = items(expected);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != wanted[i])
      throw InputError(where, fmt::format("network {} has {} {}, {} is expected", group, found[i].first,
                                          found[i].second, wanted[i].second));
  return network;
}

}  // namespace weir
