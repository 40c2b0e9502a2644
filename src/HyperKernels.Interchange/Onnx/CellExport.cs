using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>Writes one step of a recurrent cell: input and state in, state out. The sums are spelt out, in the order of the cell's own gates.</summary>
internal static class CellExport
{
    public static void Write(OnnxGraph graph, RecurrentCell cell, Func<Parameter, string> parameters)
    {
        Dictionary<string, Parameter> own = cell.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        string x = graph.Input("input", OnnxType.Float32, -1, cell.InFeatures);
        string hidden = graph.Input("hidden", OnnxType.Float32, -1, cell.HiddenFeatures);
        string fromInput = Product(x, "ih");
        string fromHidden = Product(hidden, "hh");
        switch (cell)
        {
            case GruCell:
                Gru(graph, cell.HiddenFeatures, hidden, fromInput, fromHidden);
                break;
            case LstmCell:
                Lstm(graph, cell.HiddenFeatures, fromInput, fromHidden);
                break;
            default:
                throw new NotSupportedException($"OnnxFile.Write: a {cell.GetType().Name} has no form in ONNX here; GruCell and LstmCell have one.");
        }

        string Product(string value, string of)
        {
            string weight = parameters(own[$"weight_{of}"]);
            string[] bias = cell.HasBias ? [parameters(own[$"bias_{of}"])] : [];
            return graph.Node("Gemm", [value, weight, .. bias], OnnxAttribute.Int("transB", 1));
        }
    }

    private static void Gru(OnnxGraph graph, int size, string hidden, string fromInput, string fromHidden)
    {
        string[] i = Parts(graph, fromInput, size, 3);
        string[] h = Parts(graph, fromHidden, size, 3);
        string reset = graph.Node("Sigmoid", [graph.Node("Add", [i[0], h[0]])]);
        string update = graph.Node("Sigmoid", [graph.Node("Add", [i[1], h[1]])]);
        string candidate = graph.Node("Tanh", [graph.Node("Add", [i[2], graph.Node("Mul", [reset, h[2]])])]);
        // n + z (h - n)
        string change = graph.Node("Mul", [update, graph.Node("Sub", [hidden, candidate])]);
        graph.Output("output", graph.Node("Add", [candidate, change]), -1, size);
    }

    private static void Lstm(OnnxGraph graph, int size, string fromInput, string fromHidden)
    {
        string cell = graph.Input("cell", OnnxType.Float32, -1, size);
        string[] gates = Parts(graph, graph.Node("Add", [fromInput, fromHidden]), size, 4);
        string written = graph.Node("Mul", [graph.Node("Sigmoid", [gates[0]]), graph.Node("Tanh", [gates[2]])]);
        string kept = graph.Node("Mul", [graph.Node("Sigmoid", [gates[1]]), cell]);
        string newCell = graph.Node("Add", [kept, written]);
        string newHidden = graph.Node("Mul", [graph.Node("Sigmoid", [gates[3]]), graph.Node("Tanh", [newCell])]);
        graph.Output("output", newHidden, -1, size);
        graph.Output("new_cell", newCell, -1, size);
    }

    private static string[] Parts(OnnxGraph graph, string value, int size, int count) =>
        graph.Node("Split", count, [value, graph.Integers([.. Enumerable.Repeat(size, count)])], OnnxAttribute.Int("axis", 1));
}
