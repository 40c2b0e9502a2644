using System.Collections;

namespace HyperKernels.IO;

/// <summary>The tensors of a batch, one for each column of a <see cref="DataSet"/>: the examples are their first axis.</summary>
public sealed class TensorBatch : IReadOnlyList<Tensor>
{
    private readonly Tensor[] _tensors;

    internal TensorBatch(Tensor[] tensors) => _tensors = tensors;

    /// <summary>The number of columns.</summary>
    public int Count => _tensors.Length;

    /// <summary>The number of examples.</summary>
    public int Examples => _tensors[0].Shape[0];

    /// <summary>A column.</summary>
    /// <param name="column">Which.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Tensor this[int column] => _tensors[Throw.IfNoPlace("TensorBatch", column, _tensors.Length)];

    /// <summary>Splits a batch of two columns: <c>(Tensor images, Tensor labels)</c>.</summary>
    /// <param name="first">The first column.</param>
    /// <param name="second">The second column.</param>
    /// <exception cref="InvalidOperationException">There are more or fewer.</exception>
    public void Deconstruct(out Tensor first, out Tensor second)
    {
        Check(2);
        (first, second) = (_tensors[0], _tensors[1]);
    }

    /// <summary>Splits a batch of three columns.</summary>
    /// <param name="first">The first column.</param>
    /// <param name="second">The second column.</param>
    /// <param name="third">The third column.</param>
    /// <exception cref="InvalidOperationException">There are more or fewer.</exception>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third)
    {
        Check(3);
        (first, second, third) = (_tensors[0], _tensors[1], _tensors[2]);
    }

    /// <inheritdoc/>
    public IEnumerator<Tensor> GetEnumerator() => ((IEnumerable<Tensor>)_tensors).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _tensors.GetEnumerator();

    internal void End()
    {
        foreach (Tensor tensor in _tensors)
        {
            tensor.Dispose();
        }
    }

    private void Check(int columns)
    {
        if (_tensors.Length != columns)
        {
            Throw.InvalidOperation($"TensorBatch: it has {_tensors.Length} columns; {columns} were asked for.");
        }
    }
}
