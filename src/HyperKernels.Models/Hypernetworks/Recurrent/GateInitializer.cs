using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Draws a gate's matrix after another, or a single matrix: Xavier-uniform columns for what comes in, orthogonal ones for a state.</summary>
/// <param name="inputColumns">How many columns come first that are those of an input.</param>
internal sealed class GateInitializer(int inputColumns) : Initializer
{
    public override void Fill(Span<float> values, Shape shape, RandomStream random)
    {
        (int gates, int rows, int columns) = (shape.Rank == 3 ? shape[0] : 1, shape[-2], shape[-1]);
        int stateColumns = columns - inputColumns;
        float[] fromInput = new float[rows * inputColumns];
        float[] fromState = new float[rows * stateColumns];
        for (int gate = 0; gate < gates; gate++)
        {
            if (inputColumns > 0)
            {
                XavierUniform().Fill(fromInput, [rows, inputColumns], random);
            }
            if (stateColumns > 0)
            {
                Orthogonal().Fill(fromState, [rows, stateColumns], random);
            }
            for (int row = 0; row < rows; row++)
            {
                Span<float> target = values.Slice(((gate * rows) + row) * columns, columns);
                fromInput.AsSpan(row * inputColumns, inputColumns).CopyTo(target);
                fromState.AsSpan(row * stateColumns, stateColumns).CopyTo(target[inputColumns..]);
            }
        }
    }
}
