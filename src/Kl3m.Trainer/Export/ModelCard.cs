using System.Globalization;
using Kl3m.Inference.Models;
using Kl3m.Trainer.Evaluation;
using Kl3m.Trainer.Training;

namespace Kl3m.Trainer.Export;

/// <summary>README.md of the model's folder: what it is, what it was made of and how, how good it is, what it writes.</summary>
internal static class ModelCard
{
    /// <param name="scores">By kind, overall last; empty where it was not measured.</param>
    public static string Markdown(
        string name, GptNeoXConfig config, RunState state, IReadOnlyList<TrainingLog.Entry> log, IReadOnlyList<Score> scores, int stride, IReadOnlyList<Sample> samples)
    {
        var options = state.Options;
        return string.Create(CultureInfo.InvariantCulture, $"""
            ---
            language:
            - en
            license: cc-by-4.0
            library_name: transformers
            pipeline_tag: text-generation
            tags:
            - gpt_neox
            - legal
            widget:
            - text: "Medical devices are regulated by"
            ---

            # {name}

            A small GPT-NeoX language model of legal English, made by the Kl3m.Playground project so that a fresh clone can write legal text without
            a download. It is a **stand-in** for [alea-institute/kl3m-003-1.7b](https://huggingface.co/alea-institute/kl3m-003-1.7b): the same
            architecture and folder format, made in the same spirit (clean, licensed, named sources only), and about {1_745_686_528 / Parameters(config):F0} times smaller. It is not a
            KL3M model, and the ALEA Institute has no part in it.

            It continues text. It answers no questions, follows no instructions, and knows no law: **what it writes reads like law and is made up.**

            | | |
            | --- | --- |
            | Parameters | {Parameters(config):N0} |
            | Layers, hidden size, heads | {config.NumHiddenLayers}, {config.HiddenSize}, {config.NumAttentionHeads} of {config.HeadDim} |
            | Vocabulary | {config.VocabSize:N0}, byte-level BPE with whole tokens for enumerations, citations and blank lines |
            | Context | {config.MaxPositionEmbeddings:N0} tokens |
            | Weights | bf16, safetensors |
            | End of a document | `<\|end\|>` (id {config.EosTokenIds[0]}); a text starts without a special token |

            ## Figures

            {(scores.Count == 0 ? "Not measured." : $"{EvaluateCommand.Table(scores)}\n\n{EvaluateCommand.Recipe(stride)}\nThe files are held out: about 1 % of each source's documents. 1–6 % of their text, boilerplate, also stands in the training files.")}

            ![Training loss over tokens](training-curve.svg)

            {WhatItWrites(samples)}## Data

            231 MB of US statutes, regulations, contracts, opinions and guidance; no share-alike and no unclear material. Federal statutes, regulations,
            agency documents and court opinions are works of the US government or edicts of government, in the public domain; the rest needs or
            deserves its name:

            | source | kind | licence |
            | --- | --- | --- |
            | United States Code, Organic Laws | statutes | public domain |
            | Code of the District of Columbia | statutes | public domain (edict of government) |
            | Code of Maryland Regulations | regulations | CC0 1.0, State of Maryland |
            | 21 CFR subchapter H, 12 CFR chapter X, 48 CFR chapters 2, 5 and 53 | regulations | public domain, CFPB's CC0 1.0 |
            | Contract Understanding Atticus Dataset (CUAD) v1 | contracts | CC BY 4.0, [The Atticus Project, Inc.](https://www.atticusprojectai.org/cuad) |
            | Cloud Service Agreement, Mutual NDA | contracts | CC BY 4.0, [Common Paper](https://commonpaper.com) |
            | FDA guidance on medical devices | other | public domain |
            | Federal appellate opinions, by way of CourtListener | other | public domain |
            | Federal Register, final-rule analyses of the CFPB | other | CC0 1.0 |

            All texts were changed: Markdown, HTML, tables, page numbers, links, e-mail addresses and telephone numbers taken out, repeated paragraphs thinned.

            ## Training

            {(double)state.Step * options.BatchTokens / 1e6:N1} million tokens in {state.Step:N0} steps of {options.BatchTokens:N0}, {state.Seconds / 3600:F1} hours on two shared CPU cores{(Finished(state) ? "" : " (an early version: the run was not finished)")}; the last
            {Math.Max(0, state.Step - (state.Schedule.DecayFrom ?? state.Step)):N0} steps with the learning rate falling to zero and windows of {options.Context:N0} tokens, those before with windows of {options.Window:N0}.
            {(options.Optimizer == "muon" ? $"Muon (rate {options.MuonRate}) for the layers' matrices, AdamW (rate {options.Rate}) for the rest" : $"AdamW (rate {options.Rate})")}; gradients clipped to norm {options.ClipNorm}; linears in bf16 over
            fp32 weights. Training loss at the end: {log.TakeLast(50).Average(entry => entry.Loss):F2} nats per token. {options.SpaceSplits:P0} of the words were read apart from the space before them, so that
            a prompt may end in a space.

            ```sh
            dotnet run -c Release --project src/Kl3m.Trainer -- tokenizer --corpus ../shared/corpus --out tokenizer.json
            dotnet run -c Release --project src/Kl3m.Trainer -- train --corpus ../shared/corpus --tokenizer tokenizer.json --out run {options.CommandLine()} \
              --steps {state.Schedule.End ?? state.Step} --decay-steps {state.Schedule.DecaySteps}
            dotnet run -c Release --project src/Kl3m.Trainer -- evaluate FOLDER --files ../shared/corpus/valid --stride {stride}
            dotnet run -c Release --project src/Kl3m.Trainer -- export run FOLDER --valid ../shared/corpus/valid --stride {stride}
            ```

            The same seed, corpus and tokenizer give the same weights on the same kind of processor. `train` takes `--minutes` in place of `--steps`; a killed
            run goes on with the same command.

            ## Limits

            - It is tiny, and has read little: it keeps the sound of a clause, not an argument. Citations, numbers, names and rules in its texts are invented.
            - US federal, Maryland and District of Columbia law only; contracts are SEC filings from the 1990s to about 2020. English only.
            - Its training texts are material, not current law. Never use its output as legal advice.
            - People's and companies' names that occur in opinions and contracts can come up in what it writes, in sentences that nobody said of them.

            ## Licence

            CC BY 4.0, as its contracts' licence asks for attribution: The Atticus Project (CUAD) and Common Paper, as above.

            """);
    }

    private static long Parameters(GptNeoXConfig c)
    {
        long hidden = c.HiddenSize, inner = c.IntermediateSize;
        var layer = (3 * hidden * hidden) + (hidden * hidden) + (2 * hidden * inner) + (3 * hidden) + hidden + inner + hidden + (4 * hidden);
        return (c.NumHiddenLayers * layer) + (2 * hidden) + ((c.TieWordEmbeddings ? 1 : 2) * c.VocabSize * hidden);
    }

    private static bool Finished(RunState state) => state.Step == state.Schedule.End;

    private static string WhatItWrites(IReadOnlyList<Sample> samples) => samples.Count == 0 ? "" : $"""
        ## What it writes

        Temperature 0.7, top-p 0.95, at most {Samples.MaxTokens} new tokens, seeds 1 to {samples.Count}, through this project's inference engine; unedited and not selected.

        {string.Join("\n\n", samples.Select(Quote))}


        """;

    /// <summary>The prompt in bold, except for the space at its end, which Markdown would not allow there.</summary>
    private static string Quote(Sample sample, int index)
    {
        var prompt = sample.Prompt.TrimEnd();
        var text = $"**{prompt}**{Escape(sample.Prompt[prompt.Length..] + sample.Text)}";
        return $"{index + 1}. Seed {sample.Seed}\n\n" + string.Join('\n', text.Split('\n').Select(line => $"   > {line}".TrimEnd()));
    }

    private static string Escape(string text) => string.Concat(text.Select(c => "\\`*_[]<>#|~".Contains(c, StringComparison.Ordinal) ? $"\\{c}" : $"{c}"));
}
