using Microsoft.ML.OnnxRuntime;

namespace HyperKernels.Tests.Interchange;

/// <summary>An ONNX model as ONNX Runtime computes it.</summary>
internal sealed class OnnxRuntimeModel(string path) : IDisposable
{
    private readonly InferenceSession _session = new(path);

    public IReadOnlyCollection<string> Inputs => [.. _session.InputMetadata.Keys];

    /// <summary>Runs the model.</summary>
    /// <returns>The outputs by name, with their shapes.</returns>
    public Dictionary<string, (float[] Values, int[] Shape)> Run(params (string Name, Tensor Value)[] inputs)
    {
        Dictionary<string, OrtValue> values = inputs.ToDictionary(input => input.Name, input => ValueOf(input.Value));
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, values, _session.OutputNames);
        Dictionary<string, (float[], int[])> results = [];
        for (int i = 0; i < outputs.Count; i++)
        {
            int[] shape = [.. outputs[i].GetTensorTypeAndShape().Shape.Select(size => (int)size)];
            results.Add(_session.OutputNames[i], (outputs[i].GetTensorDataAsSpan<float>().ToArray(), shape));
        }
        foreach (OrtValue value in values.Values)
        {
            value.Dispose();
        }
        return results;
    }

    public void Dispose() => _session.Dispose();

    private static OrtValue ValueOf(Tensor tensor)
    {
        long[] shape = [.. tensor.Shape.AsSpan().ToArray().Select(size => (long)size)];
        return tensor.ElementType == ElementType.Float32
            ? OrtValue.CreateTensorValueFromMemory(tensor.ToArray(), shape)
            : OrtValue.CreateTensorValueFromMemory(tensor.ToIntArray(), shape);
    }
}
