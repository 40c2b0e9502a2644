namespace HyperKernels.Backends.Cpu;

/// <summary>The arithmetic of an elementwise op, compiled into the loop of whoever applies it.</summary>
internal interface IMap
{
    /// <summary>The cost of an exponential, a sine and what is made of them.</summary>
    const int FunctionCost = 4;

    /// <summary>1 to 3; the others are not read.</summary>
    static abstract int Operands { get; }

    /// <summary>About how many additions an element takes: tiles of costly ones hold fewer.</summary>
    static virtual int Cost => 1;

    static abstract TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec>;
}
