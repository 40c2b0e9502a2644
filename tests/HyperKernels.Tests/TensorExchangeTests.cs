using System.Numerics.Tensors;

namespace HyperKernels.Tests;

/// <summary>Values in and out: arrays, spans, and the tensors of System.Numerics.Tensors.</summary>
public sealed class TensorExchangeTests
{
    [Test]
    public void From_TensorOfTheLibrary_TakesValuesAndAxes()
    {
        System.Numerics.Tensors.Tensor<float> source = System.Numerics.Tensors.Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]);
        using MemoryScope scope = new();
        Tensor tensor = Tensor.From(source.AsReadOnlyTensorSpan());

        Assert.Multiple(() =>
        {
            Assert.That(tensor.Shape, Is.EqualTo(new Shape(2, 3)));
            Assert.That(tensor.ToArray(), Is.EqualTo(new[] { 1f, 2, 3, 4, 5, 6 }));
        });
    }

    [Test]
    public void From_SpanWithGaps_TakesWhatItShows()
    {
        float[] memory = [1, 2, 3, 4, 5, 6, 7, 8];
        using MemoryScope scope = new();
        // Rows of two, four apart.
        Tensor tensor = Tensor.From(new ReadOnlyTensorSpan<float>(memory, [2, 2], [4, 1]));

        Assert.Multiple(() =>
        {
            Assert.That(tensor.Shape, Is.EqualTo(new Shape(2, 2)));
            Assert.That(tensor.ToArray(), Is.EqualTo(new[] { 1f, 2, 5, 6 }));
        });
    }

    [Test]
    public void ToTensor_OfAView_CopiesWithoutGaps()
    {
        using MemoryScope scope = new();
        Tensor columns = Ops.Slice(Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]), 1, 1, 2);
        System.Numerics.Tensors.Tensor<float> copy = columns.ToTensor();

        Assert.Multiple(() =>
        {
            Assert.That(copy.Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 2 }));
            Assert.That(copy[1, 0], Is.EqualTo(5));
        });
    }

    [Test]
    public void AsTensorSpan_IsTheTensorsOwnMemory()
    {
        using MemoryScope scope = new();
        Tensor tensor = Tensor.Zeros([2, 3], Device.Cpu);
        TensorSpan<float> span = tensor.AsTensorSpan();
        span[1, 2] = 7;
        nint[] lengths = span.Lengths.ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(lengths, Is.EqualTo(new nint[] { 2, 3 }));
            Assert.That(tensor.ToArray(), Is.EqualTo(new[] { 0f, 0, 0, 0, 0, 7 }));
        });
    }

    [Test]
    public void AsTensorSpan_WithoutElements_HasTheAxes()
    {
        using MemoryScope scope = new();
        nint[] lengths = Tensor.Zeros([0, 3], Device.Cpu).AsTensorSpan().Lengths.ToArray();

        Assert.That(lengths, Is.EqualTo(new nint[] { 0, 3 }));
    }

    [Test]
    public void AsSpan_OfViewWithGaps_IsRefused()
    {
        using MemoryScope scope = new();
        Tensor column = Ops.Slice(Tensor.Zeros([4, 3], Device.Cpu), 1, 1, 1);

        Assert.Multiple(() =>
        {
            Assert.That(() => column.AsSpan().Length, Throws.InvalidOperationException.With.Message.EqualTo(
                "AsSpan: the tensor must be without gaps between its rows, on the processor; it is float32 [4, 1] on cpu, a view with gaps. Use ToArray."));
            Assert.That(() => column.CopyFrom([1f, 2, 3, 4]), Throws.ArgumentException.With.Message.StartsWith("CopyFrom: the tensor must have no gaps"));
            Assert.That(column.ToArray(), Has.Length.EqualTo(4));
        });
    }

    [Test]
    public void CopyTo_OfTheOtherElementType_NamesTheRightCall()
    {
        using MemoryScope scope = new();
        Tensor floats = Tensor.From([1.5f]);
        Tensor integers = Tensor.From([1]);

        Assert.Multiple(() =>
        {
            Assert.That(() => integers.ToArray(), Throws.ArgumentException.With.Message.EqualTo(
                "CopyTo: floats were asked for; the tensor is int32 [1] on cpu. Use ToIntArray or CopyTo(Span<int>)."));
            Assert.That(() => floats.ToIntArray(), Throws.ArgumentException.With.Message.EqualTo(
                "CopyTo: integers were asked for; the tensor is float32 [1] on cpu. Use ToArray or CopyTo(Span<float>)."));
            Assert.That(() => integers.ToScalar(), Throws.ArgumentException.With.Message.StartsWith("ToScalar: floats were asked for"));
            Assert.That(() => floats.CopyTo(new float[2]), Throws.ArgumentException.With.Message.EqualTo("CopyTo: [1] needs 1 values; got 2."));
        });
    }

    [Test]
    public void Shape_TooLargeToAddress_IsRefused()
    {
        const int Huge = int.MaxValue;
        Assert.Multiple(() =>
        {
            Assert.That(() => new Shape(Huge, Huge), Throws.ArgumentException.With.Message.EqualTo("Shape: at most 2^60 elements; got [2147483647, 2147483647]."));
            // Rows without end are refused although there are none of them: strides are computed from their length.
            Assert.That(() => new Shape(0, Huge, Huge), Throws.ArgumentException);
            Assert.That(new Shape(Huge, 0).Count, Is.Zero);
            Assert.That(new Shape(1 << 30, 1 << 30).Count, Is.EqualTo(Shape.MaxCount));
            Assert.That(() => new Shape(2).Insert(2, 1), Throws.ArgumentException.With.Message.Contains("0 to 1; got 2"));
        });
    }

    [Test]
    public void CopyFrom_OfIntegers_KeepsToTheBoundsOfTheTensor()
    {
        using MemoryScope scope = new();
        Tensor labels = Tensor.From(new int[3], [3], below: 10);
        labels.CopyFrom(new[] { 9, 0, 4 });
        Assert.That(labels.ToIntArray(), Is.EqualTo(new[] { 9, 0, 4 }));
        Assert.Multiple(() =>
        {
            Assert.That(() => labels.CopyFrom(new[] { 9, 0, 10 }), Throws.ArgumentException.With.Message.Contains("from 0 to 9; number 2 is 10"));
            Assert.That(() => labels.CopyFrom(new[] { -1, 0, 1 }), Throws.ArgumentException.With.Message.Contains("number 0 is -1"));
            Assert.That(() => labels.CopyFrom(new[] { 1, 2 }), Throws.ArgumentException.With.Message.Contains("needs 3 values"));
            Assert.That(() => Tensor.From([10], [1], below: 10), Throws.ArgumentException.With.Message.Contains("number 0 is 10"));
            // The bound itself counts, not the values that are there: a table of nine rows is too small for what may come.
            Assert.That(() => Ops.GatherRows(Tensor.Zeros([9, 2]), labels), Throws.ArgumentException);
        });
        Assert.That(labels.ToIntArray(), Is.EqualTo(new[] { 9, 0, 4 }));
    }
}
