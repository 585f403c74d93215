namespace Kl3m.Inference.Tokenization;

/// <summary>A token that is matched as a whole in the text, before anything else is split.</summary>
/// <param name="Normalized">False: searched for in the whole text; true: in what is left between the former. No normalizer is involved.</param>
/// <param name="Special">Left out of decoded text on request.</param>
internal sealed record AddedToken(int Id, string Content, bool Normalized, bool Special);
