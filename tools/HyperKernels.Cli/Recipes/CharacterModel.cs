using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A recurrent network over characters, one symbol a step as a one-hot row, with a linear layer to the next symbol's logits. Where its lanes
/// stand is part of its state: a resumed run reads on with the same memory.
/// </summary>
internal sealed class CharacterModel : Layer
{
    private readonly int _symbols;
    private readonly Func<Tensor, IReadOnlyList<Tensor>, (Tensor Outputs, Tensor[] Memory)> _run;
    private readonly Linear _readOut;
    private readonly Tensor[] _memory;

    private CharacterModel(
        Layer cell, int symbols, int lanes, int hidden, int[] sizes, RandomStream random,
        Func<Tensor, IReadOnlyList<Tensor>, (Tensor Outputs, Tensor[] Memory)> run)
    {
        _symbols = symbols;
        _run = run;
        Cell = Add("cell", cell);
        _readOut = Add("read_out", new Linear(hidden, symbols, random: random));
        _memory = [.. sizes.Select((size, i) => AddBuffer($"memory{i}", [lanes, size], 0))];
    }

    /// <summary>The cell.</summary>
    public Layer Cell { get; }

    /// <summary>A model with the authors' long short-term memory.</summary>
    public static CharacterModel Lstm(int symbols, int lanes, int hidden, RandomStream random)
    {
        NormLstmCell cell = new(symbols, hidden, random: random);
        return new CharacterModel(cell, symbols, lanes, hidden, [hidden, hidden], random, (inputs, memory) =>
        {
            (Tensor outputs, NormLstmState last) = cell.ForwardSequence(inputs, new NormLstmState(memory[0], memory[1]));
            return (outputs, [last.Hidden, last.Cell]);
        });
    }

    /// <summary>A model with a HyperLSTM.</summary>
    public static CharacterModel HyperLstm(int symbols, int lanes, int hidden, int hyper, int embedding, RandomStream random)
    {
        HyperLstmCell cell = new(symbols, hidden, hyper, embedding, random: random);
        return new CharacterModel(cell, symbols, lanes, hidden, [hidden, hidden, hyper, hyper], random, (inputs, memory) =>
        {
            (Tensor outputs, HyperLstmState last) = cell.ForwardSequence(inputs, new HyperLstmState(memory[0], memory[1], memory[2], memory[3]));
            return (outputs, [last.Hidden, last.Cell, last.HyperHidden, last.HyperCell]);
        });
    }

    /// <summary>What the lanes remember, each <c>[lanes, size]</c>.</summary>
    public IReadOnlyList<Tensor> Memory => _memory;

    /// <summary>Forgets: the lanes begin anew.</summary>
    public void Forget()
    {
        foreach (Tensor memory in _memory)
        {
            memory.CopyFrom(new float[memory.Count]);
        }
    }

    /// <summary>Keeps the memory after a window for the next.</summary>
    public void Remember(IReadOnlyList<Tensor> after)
    {
        foreach ((Tensor memory, Tensor now) in _memory.Zip(after))
        {
            memory.CopyFrom(now.ToArray());
        }
    }

    /// <summary>The mean loss over a window that goes on from a memory, in nats a character, and the memory after it.</summary>
    public (Tensor Loss, Tensor[] Memory) Loss(int[] inputs, int[] targets, IReadOnlyList<Tensor> memory)
    {
        Device device = memory[0].Device;
        int lanes = memory[0].Shape[0];
        Tensor symbols = Tensor.From(inputs, [inputs.Length / lanes, lanes], device);
        (Tensor outputs, Tensor[] after) = _run(Ops.OneHot(symbols, _symbols), memory);
        Tensor logits = _readOut.Forward(Ops.Reshape(outputs, inputs.Length, outputs.Shape[2]));
        return (Ops.CrossEntropy(logits, Tensor.From(targets, [targets.Length], device)), after);
    }
}
