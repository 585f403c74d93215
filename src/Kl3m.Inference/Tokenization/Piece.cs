namespace Kl3m.Inference.Tokenization;

/// <summary>A part of a text in UTF-16 units: an added token, or text that is merged on its own.</summary>
internal readonly record struct Piece(int Start, int Length, int? AddedTokenId = null)
{
    public int End => Start + Length;
}
