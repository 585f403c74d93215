using Kl3m.Inference;
using Kl3m.Trainer;
using Kl3m.Trainer.Evaluation;
using Kl3m.Trainer.Export;
using Kl3m.Trainer.Tokenization;
using Kl3m.Trainer.Training;

const string Usage = """
    kl3m-trainer VERB ...

      tokenizer --corpus DIR --out FILE               trains a byte-level BPE tokenizer and writes its tokenizer.json
      train --corpus DIR --tokenizer FILE --out RUN   trains a model, or goes on with a run; --minutes M or --steps N
      evaluate MODEL --files DIR                      bits per byte and perplexity on held-out files
      export RUN MODEL [--valid DIR]                  writes a Hugging Face folder with its model card
    """;

try
{
    var arguments = new Arguments(args.Skip(1).ToList());
    switch (args.FirstOrDefault())
    {
        case "tokenizer":
            return TokenizerCommand.Run(args[1..]);
        case "train":
            TrainCommand.Run(arguments);
            return 0;
        case "evaluate":
            EvaluateCommand.Run(arguments);
            return 0;
        case "export":
            ExportCommand.Run(arguments);
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (Exception e) when (e is UsageException or ModelFileException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
