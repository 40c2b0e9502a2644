namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A register of <see cref="Count"/> floats. Kernels are written once over this interface and compiled for 512, 256 and 128
/// bits and for plain scalars (<see cref="Vec1"/>): the compiler resolves every member at compile time.
/// </summary>
internal unsafe interface IVec<TSelf>
    where TSelf : struct, IVec<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Create(float value);

    static abstract TSelf Load(float* source);

    void Store(float* destination);

    /// <summary>Reads the first <paramref name="count"/> lanes, zero in the others; touches no memory behind them.</summary>
    static abstract TSelf LoadPartial(float* source, int count);

    /// <summary>Writes the first <paramref name="count"/> lanes; touches no memory behind them.</summary>
    void StorePartial(float* destination, int count);

    /// <summary>Reads <paramref name="count"/> pairs, zero in the other lanes: the first of each pair to even, the second to odd.</summary>
    static abstract void LoadPairs(float* source, int count, out TSelf even, out TSelf odd);

    /// <summary>Writes <paramref name="count"/> pairs: the reverse of <see cref="LoadPairs"/>.</summary>
    static abstract void StorePairs(float* destination, TSelf even, TSelf odd, int count);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a);

    /// <summary>a * b + c, with one rounding where the processor has the instruction (then at every width), else with two: emulating it is a hundred times slower.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>sum = MultiplyAdd(a, b, sum), in place: a sum that is returned and stored again may cost the compiler a move between registers.</summary>
    static abstract void Accumulate(ref TSelf sum, TSelf a, TSelf b);

    /// <summary>The same with b read from memory, by the multiply-add itself.</summary>
    static abstract void Accumulate(ref TSelf sum, TSelf a, float* b);

    /// <summary>The larger; NaN where either is, and 0 is larger than -0: seven instructions on x86.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller; NaN where either is, and -0 is smaller than 0.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The larger by one instruction; where b is NaN b, where only a is either, and of two zeros either.</summary>
    static abstract TSelf MaxNative(TSelf a, TSelf b);

    /// <summary>The smaller by one instruction, as <see cref="MaxNative"/>.</summary>
    static abstract TSelf MinNative(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Sqrt(TSelf a);

    static abstract TSelf Round(TSelf a);

    static abstract TSelf Exp(TSelf a);

    /// <summary>a 2^exponent with one rounding; exponent must be whole and within [-252, 254]. NaN in a gives NaN.</summary>
    static abstract TSelf ScaleByPowerOfTwo(TSelf a, TSelf exponent);

    /// <summary>The significand, from sqrt(1/2) to below sqrt(2), that times 2^exponent is a: a positive number that is no denormal.</summary>
    static abstract TSelf Significand(TSelf a, out TSelf exponent);

    static abstract TSelf Log(TSelf a);

    /// <summary>a^b.</summary>
    static abstract TSelf Pow(TSelf a, TSelf b);

    static abstract TSelf Sin(TSelf a);

    static abstract TSelf Cos(TSelf a);

    /// <summary>sin a for any a, slowly and kept out of the calling loop: what <see cref="VecMath.Sin"/> cannot reduce in single precision.</summary>
    static abstract TSelf SinOfLarge(TSelf a);

    /// <summary>cos a for any a, slowly.</summary>
    static abstract TSelf CosOfLarge(TSelf a);

    /// <summary>a with its sign turned where <paramref name="whole"/> is odd; whole must be a whole number within an int's range.</summary>
    static abstract TSelf NegateWhereOdd(TSelf a, TSelf whole);

    /// <summary>A mask for <see cref="Select"/>.</summary>
    static abstract TSelf LessThan(TSelf a, TSelf b);

    /// <summary>A mask for <see cref="Select"/>.</summary>
    static abstract TSelf Equal(TSelf a, TSelf b);

    /// <summary>Whether any lane of a mask is set.</summary>
    static abstract bool Any(TSelf mask);

    static abstract TSelf Select(TSelf mask, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Sum of the lanes, always in the same order.</summary>
    static abstract float Sum(TSelf a);

    /// <summary>The eight numbers of <see cref="Sum"/>, the same bits, written side by side.</summary>
    static virtual void SumEight(TSelf s0, TSelf s1, TSelf s2, TSelf s3, TSelf s4, TSelf s5, TSelf s6, TSelf s7, float* sums)
    {
        sums[0] = TSelf.Sum(s0);
        sums[1] = TSelf.Sum(s1);
        sums[2] = TSelf.Sum(s2);
        sums[3] = TSelf.Sum(s3);
        sums[4] = TSelf.Sum(s4);
        sums[5] = TSelf.Sum(s5);
        sums[6] = TSelf.Sum(s6);
        sums[7] = TSelf.Sum(s7);
    }

    /// <summary>Sums of the lanes of <paramref name="count"/> registers that stand one behind the other, always in the same order.</summary>
    static abstract void SumEach(float* registers, float* sums, int count);

    static abstract float MaxOf(TSelf a);
}
