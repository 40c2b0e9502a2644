using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>One run of a reference case: its inputs and parameters on a device, watched where the file has their gradients.</summary>
public sealed class ReferenceRun : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly List<IDisposable> _owned = [];
    private readonly Tape _tape;

    internal ReferenceRun(ReferenceCase source, Device device, Tape tape)
    {
        Case = source;
        Device = device;
        _tape = tape;
    }

    /// <summary>The case with its options.</summary>
    public ReferenceCase Case { get; }

    /// <summary>Where to compute.</summary>
    public Device Device { get; }

    internal IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Whether the case has that input.</summary>
    public bool HasInput(string name) => Case.Tensors.ContainsKey("in." + name);

    /// <summary>Whether the case has that parameter.</summary>
    public bool HasParameter(string name) => Case.Tensors.ContainsKey("param." + name);

    /// <summary>An input by its name without <c>in.</c>: floats or integers.</summary>
    /// <exception cref="InvalidDataException">The case has none of that name.</exception>
    public Tensor Input(string name) => Get("in." + name);

    /// <summary>An input if the case has it.</summary>
    public Tensor? OptionalInput(string name) => HasInput(name) ? Input(name) : null;

    /// <summary>A parameter by its name without <c>param.</c>.</summary>
    /// <exception cref="InvalidDataException">The case has none of that name.</exception>
    public Tensor Parameter(string name) => Get("param." + name);

    /// <summary>An input of whole numbers.</summary>
    /// <exception cref="InvalidDataException">The case has none of that name.</exception>
    public int[] Ints(string name) => Case.Tensor("in." + name).ToInts();

    /// <summary>The structure given by <c>in.node</c>, <c>in.edge</c> and the options <c>n_nodes</c> and <c>n_edges</c>.</summary>
    /// <exception cref="InvalidDataException">The case lacks one of them.</exception>
    public Incidence Incidence() => Own(HyperKernels.Incidence.FromPairs(Case.Int("n_nodes"), Case.Int("n_edges"), Ints("node"), Ints("edge"), Device));

    /// <summary>Keeps what a system builds until gradients are taken, and ends it then.</summary>
    /// <returns>The same object.</returns>
    public T Own<T>(T built)
        where T : IDisposable
    {
        _owned.Add(built);
        return built;
    }

    /// <summary>Ends what was built.</summary>
    public void Dispose()
    {
        foreach (IDisposable built in _owned)
        {
            built.Dispose();
        }
        _owned.Clear();
    }

    /// <summary>Makes a layer compute with the case's parameters of its names, until the result is disposed. Axes of size one may stand in either of the two alone.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rename">Turns a name in the layer into the name in the case; null leaves it as it is.</param>
    /// <param name="transposed">Whether the case stores matrices as (in, out).</param>
    /// <exception cref="InvalidDataException">The case lacks a parameter, or has another shape for it.</exception>
    public IDisposable Use(Layer layer, Func<string, string>? rename = null, bool transposed = false) =>
        Use(layer, rename, name => transposed && Case.Tensor("param." + name).Shape.Rank == 2);

    /// <summary>The same, with matrices stored as (in, out) under some names only.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rename">Turns a name in the layer into the name in the case; null leaves it as it is.</param>
    /// <param name="transposed">Whether the case stores the parameter of that name with its last two axes exchanged.</param>
    /// <exception cref="InvalidDataException">The case lacks a parameter, or has another shape for it.</exception>
    public IDisposable Use(Layer layer, Func<string, string>? rename, Func<string, bool> transposed)
    {
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            string nameInCase = rename is null ? name : rename(name);
            Tensor value = Parameter(nameInCase);
            value = transposed(nameInCase) ? Ops.Transpose(value) : value;
            if (value.Shape != parameter.Shape && Long(value.Shape).SequenceEqual(Long(parameter.Shape)))
            {
                value = Ops.Reshape(value, parameter.Shape);
            }
            if (value.Shape != parameter.Shape)
            {
                throw new InvalidDataException($"{Case.Path}: parameter \"{nameInCase}\" must be {parameter.Shape}; it is {value.Shape}.");
            }
            values.Add(parameter, value);
        }
        return ParameterOverrides.Use(values);
    }

    private static int[] Long(Shape shape) => [.. shape.AsSpan().ToArray().Where(static size => size != 1)];

    private Tensor Get(string name)
    {
        if (!_tensors.TryGetValue(name, out Tensor tensor))
        {
            tensor = Case.Tensor(name).To(Device);
            if (Case.Tensors.ContainsKey("grad." + name))
            {
                _tape.Watch(tensor);
            }
            _tensors.Add(name, tensor);
        }
        return tensor;
    }
}
